#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ExitCode, reportError } from './cli/output/errors.js';
import { milliseconds } from './util/units.js';
import { VERSION } from './util/version.js';

const program = new Command('aplos-upload')
  .description('Uploads analysis files to Aplos NCA and starts their executions, durably, on Temporal.')
  .version(VERSION)
  .exitOverride()
  .showHelpAfterError('(aplos-upload --help tells more)')
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 an upload or a check failed, 2 bad usage, bad input or a wrong setting (nothing was started).
Settings come from the environment and a file; \`config\` shows them, \`doctor\` checks that they work.`,
  );

const portNumber = (text: string) => {
  if (/^\d+$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('It must be a port number.');
};
const time = (text: string) => {
  const value = milliseconds(text);
  if (value) return value;
  throw new InvalidArgumentError('It must be a time with its unit, e.g. 500ms, 30s or 2m.');
};
const collect = (value: string, before: string[] = []) => [...before, value];

program
  .command('upload')
  .description('upload files, and start the executions of each')
  .argument(
    '[file...]',
    'CSV, XPT, SAS7BDAT, DAT, XLS or XLSX files, folders of them, or globs, under a path that the worker sees too',
  )
  .option(
    '--config <file>',
    "an execution's configuration, as JSON; may be given several times, for several executions of each file",
    collect,
  )
  .option('--meta <file>', "the executions' metadata, as JSON")
  .option(
    '--manifest <file>',
    'files and configurations from a CSV or JSON Lines file: file, configuration, metadata, label',
  )
  .option('--batch <name>', 'a name that ties these uploads together')
  .option('--profile <name>', 'which Aplos account of the worker', 'default')
  .option('--host <name>', 'the host that has the files, where not every worker sees them')
  .option('--dry-run', 'say what would happen to each file, and start nothing')
  .option('--wait', 'wait for the receipts')
  .option('--json', 'print one receipt a line on stdout, and nothing else there; waits')
  .action(async (files, options) => (await import('./cli/commands/upload.js')).upload(files, options));

program
  .command('watch')
  .description('start an upload for each file that comes into a folder; until SIGTERM or Ctrl-C')
  .argument('<folder>', 'looked at with all folders below it, under a path that the worker sees too')
  .option(
    '--config <file>',
    "an execution's configuration, as JSON, for files without one of their own (pk.json beside pk.csv); may be given several times",
    collect,
  )
  .option('--meta <file>', "the executions' metadata, as JSON")
  .option('--batch <name>', 'a name that ties these uploads together')
  .option('--profile <name>', 'which Aplos account of the worker', 'default')
  .option('--host <name>', 'the host that has the folder, where not every worker sees it')
  .addOption(
    new Option('--settle <time>', 'start a file once its size and time have not changed for so long')
      .argParser(time)
      .default(30_000, '30s'),
  )
  .addOption(new Option('--every <time>', 'how often to look').argParser(time).default(10_000, '10s'))
  .option(
    '--state <file>',
    'where to remember what was started; default: a file for the folder below $XDG_STATE_HOME/aplos-upload',
  )
  .option('--json', 'print what happens as JSON, one event a line, on stdout')
  .action(async (folder, options) => (await import('./cli/commands/watch.js')).watch(folder, options));

program
  .command('status')
  .description('say how uploads stand')
  .argument('[id...]', 'workflow ids, as `upload` prints them; default: the uploads of the last 24 hours')
  .option('--batch <name>', 'those of a batch')
  .option('--failed', 'those that failed')
  .option('--running', 'those that are running')
  .option('--since <time>', 'those that ran since then: 30m, 2h, 3d, or a date')
  .option('--error <code>', 'those that failed with this code')
  .option('--watch', 'keep looking until none is running')
  .option('--json', 'print one status a line, as JSON')
  .action(async (ids, options) => (await import('./cli/commands/status.js')).status(ids, options));

program
  .command('replay')
  .description('take failed uploads up again at the step that failed; what is finished is kept')
  .argument('[id...]', 'workflow ids')
  .option('--batch <name>', 'those of a batch that failed')
  .option('--failed', 'all that failed')
  .option('--since <time>', 'only those that failed since then: 30m, 2h, 3d, or a date')
  .option('--error <code>', 'only those that failed with this code')
  .addOption(
    new Option('--from <step>', 'begin there instead: presign sends the file again').choices([
      'presign',
      'start',
    ]),
  )
  .option('--dry-run', 'say what would happen, and take nothing up')
  .option('--yes', 'do not ask')
  .option('--json', 'print one outcome a line, as JSON')
  .action(async (ids, options) => (await import('./cli/commands/replay.js')).replay(ids, options));

program
  .command('setup')
  .description('register what the workflow needs in the Temporal namespace; safe to repeat')
  .action(async () => (await import('./cli/commands/setup.js')).setup());

program
  .command('doctor')
  .description('check everything that the job needs, and say what to do about what fails')
  .action(async () => (await import('./cli/commands/doctor.js')).doctor());

program
  .command('config')
  .description('show the settings in force, and where each comes from')
  .option('--json', 'print them as one JSON list')
  .action(async (options) => (await import('./cli/commands/settings.js')).settings(options));

program
  .command('worker')
  .description('run a worker, until SIGTERM or Ctrl-C')
  .addOption(
    new Option('--log-level <level>', 'least severity that is logged')
      .choices(['debug', 'info', 'warn', 'error'])
      .default('info'),
  )
  .action(async (options) => (await import('./cli/commands/worker.js')).worker(options));

program
  .command('codec-server')
  .description('let the Temporal UI show what is encrypted, to those who may see it; until SIGTERM or Ctrl-C')
  .option('--host <address>', 'where it listens', '127.0.0.1')
  .option('--port <port>', 'of it; 0 is a free one', portNumber, 8081)
  .option('--origin <url>', 'where the Temporal UI is; may be given several times', collect)
  .option('--no-auth', 'answer everybody; only at 127.0.0.1')
  .action(async (options) => (await import('./cli/commands/codec-server.js')).codecServer(options));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.badUsage;
  else process.exitCode = reportError(error);
}
