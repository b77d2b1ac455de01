import { Command, CommanderError } from 'commander';
import { VERSION } from '../util/version.js';
import { WAIT_ENDS } from './commands/upload/wait-ends.js';
import { COMMANDS } from './commands.js';
import { exitWhenOutputCloses } from './output/closed-output.js';
import { ExitCode, printUsageError, reportError } from './output/errors.js';

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
  try {
    const program = await createProgram(process.argv);
    await program.parseAsync(withWaitValues(process.argv));
  } catch (error) {
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.badUsage;
    else process.exitCode = reportError(error);
  }
}

/**
 * Returns the program with all commands. Loads those that a word names: the other ones have only their line in the help.
 *
 * @param words words of the command line
 */
export async function createProgram(words: readonly string[]): Promise<Command> {
  const program = new Command('aplos-upload')
    .description('Upload analysis files to Aplos NCA and start their executions, durably, with Temporal.')
    .version(VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride()
    .configureOutput({ outputError: (text) => printUsageError(text, 'aplos-upload') })
    .addHelpText('after', HELP_FOOTER);
  for (const { name, summary, load } of COMMANDS) {
    const command = words.includes(name) ? await load() : new Command(name).summary(summary);
    program.addCommand(command.exitOverride());
  }
  if (words.includes('complete')) {
    const { completeCommand } = await import('./commands/completion.js');
    program.addCommand(completeCommand.exitOverride(), { hidden: true });
  }
  return program;
}
