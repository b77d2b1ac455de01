import { Command, CommanderError } from 'commander';
import { VERSION } from '../util/version.js';
import type { CliCommand } from './command.js';
import { analyzeCommand } from './commands/analyze.js';
import { cancelCommand } from './commands/cancel.js';
import { codecServerCommand } from './commands/codec-server.js';
import { completeCommand, completionCommand } from './commands/completion.js';
import { doctorCommand } from './commands/doctor.js';
import { explainCommand } from './commands/explain.js';
import { initCommand } from './commands/init.js';
import { profilesCommand } from './commands/profiles.js';
import { qualifyCommand } from './commands/qualify.js';
import { receiptCommand } from './commands/receipt.js';
import { replayCommand } from './commands/replay.js';
import { reportCommand } from './commands/report.js';
import { resultsCommand } from './commands/results.js';
import { sandboxCommand } from './commands/sandbox.js';
import { settingsCommand } from './commands/settings.js';
import { setupCommand } from './commands/setup.js';
import { statusCommand } from './commands/status.js';
import { WAIT_ENDS } from './commands/upload/wait-ends.js';
import { uploadCommand } from './commands/upload.js';
import { verifyCommand } from './commands/verify.js';
import { watchCommand } from './commands/watch.js';
import { workerCommand } from './commands/worker.js';
import { exitWhenOutputCloses } from './output/closed-output.js';
import { ExitCode, printUsageError, reportError } from './output/errors.js';

/** The commands, in the order in which `--help` lists them. */
export const COMMANDS: readonly CliCommand[] = [
  uploadCommand,
  analyzeCommand,
  watchCommand,
  statusCommand,
  replayCommand,
  resultsCommand,
  receiptCommand,
  reportCommand,
  verifyCommand,
  cancelCommand,
  explainCommand,
  initCommand,
  setupCommand,
  doctorCommand,
  qualifyCommand,
  settingsCommand,
  profilesCommand,
  workerCommand,
  codecServerCommand,
  completionCommand,
  sandboxCommand,
].map((command) => command.withCommonOptions());

const HELP_FOOTER = `
Exit codes: 0 success, 1 an upload or a check failed, 2 invalid usage, input or
setting: nothing was started, 130 Ctrl-C, 141 output closed, as in "| head".

Settings come from variables and a file, which "aplos-upload init" writes.`;

/**
 * Returns the arguments with the value of `--wait` attached to it, as its value is optional: a file that follows `--wait` is
 * not its value.
 */
export function withWaitValues(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const isWait = (index: number) => args[index] === '--wait' && (end < 0 || index < end);
  const isValue = (index: number) => isWait(index - 1) && WAIT_ENDS.includes(args[index] ?? '');
  return args.flatMap((each, index) => {
    if (isValue(index)) return [];
    return isWait(index) ? [`--wait=${isValue(index + 1) ? args[index + 1] : 'upload'}`] : [each];
  });
}

/** Runs the command that the arguments of this process name, and sets the exit code of this process. */
export async function runProgram(): Promise<void> {
  exitWhenOutputCloses();
  // gRPC writes to stderr what the errors of its calls say as well.
  process.env.GRPC_VERBOSITY ??= 'NONE';
  const program = createProgram();
  try {
    await program.parseAsync(withWaitValues(process.argv));
  } catch (error) {
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.badUsage;
    else process.exitCode = reportError(error);
  }
}

/** Returns the program with all commands. */
export function createProgram(): Command {
  const program = new Command('aplos-upload')
    .description('Upload analysis files to Aplos NCA and start their executions, durably, with Temporal.')
    .version(VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride()
    .configureOutput({ outputError: (text) => printUsageError(text, 'aplos-upload') })
    .addHelpText('after', HELP_FOOTER);
  for (const command of COMMANDS) program.addCommand(command.exitOverride());
  program.addCommand(completeCommand.exitOverride(), { hidden: true });
  return program;
}
