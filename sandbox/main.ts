/** `npm run sandbox -- [--latency MS] [--port N]`: runs the sandbox until Ctrl-C or SIGTERM. */
import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { startSandbox } from './sandbox.js';

const number = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a non-negative integer.');
  return Number(text);
};

const { latency, port } = new Command('sandbox')
  .description('Runs a local stand-in for Aplos NCA, Amazon Cognito and Amazon S3.')
  .option('--latency <ms>', 'latency added to every call, in milliseconds', number, 0)
  .option('--port <port>', 'port of the API; 0 picks a free port', number, 0)
  .parse()
  .opts<{ latency: number; port: number }>();

const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
try {
  const sandbox = await startSandbox({ latencyMs: latency, port });
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
