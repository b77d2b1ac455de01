import { InvalidArgumentError } from 'commander';
import { CliCommand } from '../command.js';
import type { SandboxFlags } from './sandbox/run.js';

const number = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a non-negative integer.');
  return Number(text);
};

const oneOf =
  (...values: readonly string[]) =>
  (text: string): string => {
    if (!values.includes(text)) throw new InvalidArgumentError(`It must be one of ${values.join(', ')}.`);
    return text;
  };

/** `aplos-upload sandbox` */
export const sandboxCommand = new CliCommand('sandbox')
  .description('run Temporal, a stand-in for Aplos, S3 and a worker, and write a settings file')
  .argument('[command...]', 'command to run against the sandbox, after --')
  .option('--no-worker', 'start no worker')
  .option('--api <versions>', 'versions of the API: v1, v3 or both', oneOf('v1', 'v3', 'both'), 'both')
  .option('--dialect <name>', 'dialect of v3: r, s, g, f or bare', oneOf('r', 's', 'g', 'f', 'bare'), 'r')
  .option(
    '--subscription <status>',
    'active, restricted, expired or disabled',
    oneOf('active', 'restricted', 'expired', 'disabled'),
  )
  .option('--allocation <n>', 'executions that may be started', number, 10_000)
  .option('--concurrent <n>', 'executions that run at a time', number)
  .option('--queued <n>', 'executions that may be queued', number)
  .option('--per-hour <n>', 'starts in an hour; further ones are throttled', number)
  .option('--per-day <n>', 'starts in a day; further ones are rejected', number)
  .option('--interval <ms>', 'minimum time between two starts', number)
  .option('--latency <ms>', 'latency added to every call', number)
  .option('--form-seconds <s>', 'lifetime of a presigned POST', number)
  .option('--token-seconds <s>', 'lifetime of an ID token', number)
  .option('--cases <folder>', 'give the expected results of these cases back')
  .option('--results-root <folder>', 'folder to which results may be written')
  .option('--port <port>', 'port of the API (default: a free one)', number)
  .option('--temporal-port <port>', 'port of Temporal', number)
  .option('--ui-port <port>', 'port of the Temporal UI', number)
  .option('--codec-port <port>', 'port of the codec server', number)
  .option('--host <address>', 'address of all but the API', '127.0.0.1')
  .writesSettings()
  .option('--json', 'print what was started, as JSON')
  .example('keep it running', 'aplos-upload sandbox')
  .example('run the tests of a service against it', 'aplos-upload sandbox -- pytest')
  .action(async (command: string[], options: SandboxFlags) => {
    const { runSandbox } = await import('./sandbox/run.js');
    await runSandbox(command, options);
  });
