import type { CliCommand } from './command.js';

/** A command, as the list of commands shows it. It is loaded when it is used, so that the program starts fast. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, in one line. It is also the description of a command that has no longer one. */
  readonly summary: string;
  /** Returns the command with its arguments and options. */
  readonly load: () => Promise<CliCommand>;
}

/** The commands, in the order in which `--help` lists them. */
export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'upload',
    'upload files and start executions for each',
    async () => (await import('./commands/upload.js')).uploadCommand,
  ),
  entry(
    'analyze',
    'start executions for files that Aplos already has',
    async () => (await import('./commands/analyze.js')).analyzeCommand,
  ),
  entry(
    'watch',
    'upload each new data file in a folder',
    async () => (await import('./commands/watch.js')).watchCommand,
  ),
  entry(
    'status',
    'show the status of uploads',
    async () => (await import('./commands/status.js')).statusCommand,
  ),
  entry(
    'replay',
    'resume failed uploads at the failed step',
    async () => (await import('./commands/replay.js')).replayCommand,
  ),
  entry(
    'results',
    'fetch the results of uploads that are done',
    async () => (await import('./commands/results.js')).resultsCommand,
  ),
  entry(
    'receipt',
    'write receipts to files, signed if a signing key is set',
    async () => (await import('./commands/receipt.js')).receiptCommand,
  ),
  entry(
    'report',
    'write the report of a batch and its records',
    async () => (await import('./commands/report.js')).reportCommand,
  ),
  entry(
    'verify',
    'check receipts and other records, without any connection',
    async () => (await import('./commands/verify.js')).verifyCommand,
  ),
  entry(
    'cancel',
    'cancel uploads, and what they started at Aplos',
    async () => (await import('./commands/cancel.js')).cancelCommand,
  ),
  entry(
    'explain',
    'explain an error code and how to fix the cause',
    async () => (await import('./commands/explain.js')).explainCommand,
  ),
  entry(
    'init',
    'write a settings file, and check each answer at once',
    async () => (await import('./commands/init.js')).initCommand,
  ),
  entry(
    'setup',
    'prepare the Temporal namespace; safe to repeat',
    async () => (await import('./commands/setup.js')).setupCommand,
  ),
  entry(
    'doctor',
    'check settings, Temporal, workers and Aplos logins',
    async () => (await import('./commands/doctor.js')).doctorCommand,
  ),
  entry(
    'qualify',
    'run cases with known results, and write a signed report',
    async () => (await import('./commands/qualify.js')).qualifyCommand,
  ),
  entry(
    'settings',
    'show the effective settings and where each comes from',
    async () => (await import('./commands/settings.js')).settingsCommand,
  ),
  entry(
    'profiles',
    'list the Aplos accounts in the settings',
    async () => (await import('./commands/profiles.js')).profilesCommand,
  ),
  entry(
    'worker',
    'run a worker until SIGTERM or Ctrl-C',
    async () => (await import('./commands/worker.js')).workerCommand,
  ),
  entry(
    'codec-server',
    'decrypt payloads for users of the Temporal UI',
    async () => (await import('./commands/codec-server.js')).codecServerCommand,
  ),
  entry(
    'completion',
    'print a script that completes commands in your shell',
    async () => (await import('./commands/completion.js')).completionCommand,
  ),
  entry(
    'sandbox',
    'run Temporal, a stand-in for Aplos and a worker here',
    async () => (await import('./commands/sandbox.js')).sandboxCommand,
  ),
];

function entry(name: string, summary: string, load: () => Promise<CliCommand>): CommandEntry {
  let loaded: Promise<CliCommand> | undefined;
  const complete = async () => {
    const command = (await load()).summary(summary).withCommonOptions();
    return command.description() === '' ? command.description(summary) : command;
  };
  return { name, summary, load: () => (loaded ??= complete()) };
}
