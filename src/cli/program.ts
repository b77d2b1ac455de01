import { Command, CommanderError } from 'commander';
import { VERSION } from '../util/version.js';
import { analyzeCommand } from './commands/analyze.js';
import { codecServerCommand } from './commands/codec-server.js';
import { doctorCommand } from './commands/doctor.js';
import { receiptCommand } from './commands/receipt.js';
import { replayCommand } from './commands/replay.js';
import { settingsCommand } from './commands/settings.js';
import { setupCommand } from './commands/setup.js';
import { statusCommand } from './commands/status.js';
import { uploadCommand } from './commands/upload.js';
import { verifyCommand } from './commands/verify.js';
import { watchCommand } from './commands/watch.js';
import { workerCommand } from './commands/worker.js';
import { withSettingsOption } from './input/settings-option.js';
import { exitWhenOutputCloses } from './output/closed-output.js';
import { ExitCode, printError, reportError } from './output/errors.js';

/** The commands, in the order in which `--help` lists them. */
export const COMMANDS: readonly Command[] = [
  uploadCommand,
  analyzeCommand,
  watchCommand,
  statusCommand,
  replayCommand,
  receiptCommand,
  verifyCommand,
  setupCommand,
  doctorCommand,
  settingsCommand,
  workerCommand,
  codecServerCommand,
].map(withSettingsOption);

const HELP_FOOTER = `
Exit codes:
  0    success
  1    an upload or a check failed
  2    invalid usage, input or setting; nothing was started
  130  interrupted by Ctrl-C while waiting; running uploads continue
  141  whoever read the output stopped, as in "| head"; running uploads continue

Settings come from environment variables and a file. Run "aplos-upload settings" to see
them, and "aplos-upload doctor" to test them.`;

/** Runs the command that the arguments of this process name, and sets the exit code of this process. */
export async function runProgram(): Promise<void> {
  exitWhenOutputCloses();
  // gRPC writes to stderr what the errors of its calls say as well.
  process.env.GRPC_VERBOSITY ??= 'NONE';
  const program = new Command('aplos-upload')
    .description('Upload analysis files to Aplos NCA and start their executions, durably, with Temporal.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      outputError: (text) => printError(text.trimEnd()),
    })
    .showHelpAfterError('(run "aplos-upload --help" for usage)')
    .addHelpText('after', HELP_FOOTER);
  for (const command of COMMANDS) program.addCommand(command.copyInheritedSettings(program));
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.badUsage;
    else process.exitCode = reportError(error);
  }
}
