/** `npm run sandbox -- [--api v3] [--dialect r] …`: runs the sandbox until Ctrl-C or SIGTERM. */
import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { SpokenVersions, SubscriptionStatus } from './options.js';
import { startSandbox } from './sandbox.js';
import { DIALECTS, type DialectName } from './v3/dialects.js';

const number = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a non-negative integer.');
  return Number(text);
};

interface Options {
  readonly latency: number;
  readonly port: number;
  readonly api: SpokenVersions;
  readonly dialect: DialectName;
  readonly formSeconds: number;
  readonly tokenSeconds: number;
  readonly allocation: number;
  readonly concurrent?: number;
  readonly queued?: number;
  readonly perHour?: number;
  readonly perDay?: number;
  readonly interval?: number;
  readonly subscription: SubscriptionStatus;
}

const { latency, port, api, dialect, subscription, allocation, ...limits } = new Command('sandbox')
  .description('Runs a local stand-in for Aplos NCA, Amazon Cognito and Amazon S3.')
  .option('--latency <ms>', 'latency added to every call, in milliseconds', number, 0)
  .option('--port <port>', 'port of the API; 0 picks a free port', number, 0)
  .addOption(
    new Option('--api <versions>', 'versions of the API').choices(['v1', 'v3', 'both']).default('both'),
  )
  .addOption(
    new Option(
      '--dialect <name>',
      'source that version 3 follows: the client for R (r), the SDK (s), its generated client (g), the framework (f), or no envelope (bare)',
    )
      .choices(DIALECTS)
      .default('r'),
  )
  .addOption(
    new Option('--subscription <status>', 'status of the subscription')
      .choices(['active', 'restricted', 'expired', 'disabled'])
      .default('active'),
  )
  .option('--allocation <n>', 'executions that the subscription allows', number, 10_000)
  .option('--form-seconds <s>', 'lifetime of a presigned POST, in seconds', number, 3600)
  .option('--token-seconds <s>', 'lifetime of an ID token, in seconds', number, 3600)
  .option('--concurrent <n>', 'executions that run at a time; default: no limit', number)
  .option('--queued <n>', 'executions that may be queued; default: no limit', number)
  .option('--per-hour <n>', 'starts in an hour; further ones are throttled; default: no limit', number)
  .option('--per-day <n>', 'starts in a day; further ones are rejected; default: no limit', number)
  .option('--interval <ms>', 'minimum time between two starts, in milliseconds; default: none', number)
  .parse()
  .opts<Options>();

const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
try {
  const { formSeconds, tokenSeconds, concurrent, queued, perHour, perDay, interval } = limits;
  const sandbox = await startSandbox({
    latencyMs: latency,
    port,
    api,
    dialect,
    subscription,
    allocation,
    presignSeconds: formSeconds,
    idTokenSeconds: tokenSeconds,
    ...(concurrent === undefined ? {} : { maxConcurrent: concurrent }),
    ...(queued === undefined ? {} : { maxQueued: queued }),
    ...(perHour === undefined ? {} : { maxPerHour: perHour }),
    ...(perDay === undefined ? {} : { maxPerDay: perDay }),
    ...(interval === undefined ? {} : { minIntervalMs: interval }),
  });
  for (const [name, value] of Object.entries(sandbox.env)) console.log(`export ${name}='${value}'`);
  console.error(
    `The sandbox is running. Inject faults: POST ${sandbox.apiUrl}/_sandbox/faults. Stop it: Ctrl-C.`,
  );
  await ended;
  await sandbox.stop();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
