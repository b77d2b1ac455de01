/** `tsx sandbox/main.ts [--latency MS] [--port N]`: runs the sandbox until Ctrl-C or SIGTERM. */
import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { startSandbox } from './sandbox.js';

const number = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
};

const { latency, port } = new Command('sandbox')
  .description('A stand-in for Aplos NCA, Amazon Cognito and Amazon S3 at 127.0.0.1.')
  .option('--latency <ms>', "a network's round trip, added to every call", number, 0)
  .option('--port <port>', 'of the API; default: a free one', number, 0)
  .parse()
  .opts<{ latency: number; port: number }>();

const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
try {
  const sandbox = await startSandbox({ latencyMs: latency, port });
  for (const [name, value] of Object.entries(sandbox.env)) console.log(`export ${name}='${value}'`);
  console.error(`The sandbox runs. Faults: POST ${sandbox.apiUrl}/_sandbox/faults. Ctrl-C ends it.`);
  await ended;
  await sandbox.stop();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
