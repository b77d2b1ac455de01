import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { UploadError } from '../contract/errors.js';

const GROUP_READS = 0o040;
const GROUP_OR_OTHERS = 0o077;
const COMMAND_TIMEOUT_MS = 30_000;
const MAX_COMMAND_BYTES = 64 * 1024;

/** A path or a command line, and the setting that names it. */
export interface NamedSource {
  readonly setting: string;
  readonly where: string;
}

/** Where a secret comes from, the first that is given; all absent: there is none. */
export interface SecretSource {
  readonly value?: string | undefined;
  readonly file?: NamedSource | undefined;
  readonly command?: NamedSource | undefined;
}

/**
 * Reads a secret from where it is. One line break at its end is dropped.
 *
 * @throws UploadError `SETTINGS_INVALID`, with nothing of the secret in it
 */
export function readSecret({ value, file, command }: SecretSource): string | undefined {
  if (value !== undefined) return value;
  if (file) return readSecretFile(file);
  return command && runSecretCommand(command);
}

function readSecretFile({ setting, where: path }: NamedSource): string {
  const content = withoutLineBreak(readSettingsFile(setting, path));
  assertPrivate(setting, path);
  if (!content) throw invalid(`${setting} names ${path}, which is empty`);
  return content;
}

/** Group and others may have no right to it. A file of root's may be read by its group: so Kubernetes mounts secrets. */
function assertPrivate(setting: string, path: string): void {
  if (process.platform === 'win32') return;
  const { mode, uid } = statSync(path);
  const tooOpen = mode & GROUP_OR_OTHERS & (uid === 0 ? ~GROUP_READS : ~0);
  if (tooOpen === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  throw new UploadError(
    'SETTINGS_INVALID',
    `${setting} names ${path}, which more than its owner may read or write (mode ${shown})`,
    {
      action: `Run: chmod 600 '${path}'. Where a secret is mounted, set its mode: 0400, or 0440 for a group.`,
    },
  );
}

/** By the system's shell, so that it may be a pipe. What it prints, errors included, is shown nowhere. */
function runSecretCommand({ setting, where: line }: NamedSource): string {
  const { status, signal, stdout, error } = spawnSync(line, {
    shell: true,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: COMMAND_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_COMMAND_BYTES,
  });
  const problem = error
    ? (commandProblems[(error as NodeJS.ErrnoException).code ?? ''] ?? 'it could not be started')
    : problemOf(status, signal, stdout);
  if (problem === undefined) return withoutLineBreak(stdout);
  throw new UploadError('SETTINGS_INVALID', `The command of ${setting} gave no secret: ${problem}`, {
    action: 'Run it by hand, as the same user, to see why.',
  });
}

function problemOf(status: number | null, signal: NodeJS.Signals | null, stdout: string): string | undefined {
  if (status !== 0) return `it ended with ${signal ?? `exit code ${status}`}`;
  return withoutLineBreak(stdout) === '' ? 'it printed nothing' : undefined;
}

const commandProblems: Record<string, string> = {
  ETIMEDOUT: `it did not end within ${COMMAND_TIMEOUT_MS / 1000} s`,
  ENOBUFS: `it printed more than ${MAX_COMMAND_BYTES / 1024} KiB`,
};

/** @throws UploadError `SETTINGS_INVALID` naming the setting and the path */
export function readSettingsFile(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw invalid(
      `${setting} names ${path}, which cannot be read (${(cause as NodeJS.ErrnoException).code})`,
    );
  }
}

const withoutLineBreak = (content: string) => content.replace(/\r?\n$/, '');

const invalid = (happened: string) => new UploadError('SETTINGS_INVALID', happened);
