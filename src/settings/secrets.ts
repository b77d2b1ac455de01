import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { UploadError } from '../contract/errors.js';
import { decodeText, EncodingError } from '../util/decode-text.js';
import { shellWord } from '../util/shell-word.js';
import type { GivenValue, Source } from './setting.js';

const GROUP_READS = 0o040;
const GROUP_OR_OTHERS = 0o077;
const COMMAND_TIMEOUT_MS = 30_000;
const MAX_COMMAND_BYTES = 64 * 1024;

/** Returns the error for invalid settings. The default action names `aplos-upload settings`. */
export const invalidSettings = (happened: string, action?: string): UploadError =>
  new UploadError('SETTINGS_INVALID', happened, action === undefined ? {} : { action });

/**
 * Reads a value from its source. One line break at the end of a file or output, and a byte order mark at the start, are dropped.
 *
 * @param isSecret whether a file must be private
 * @throws UploadError `SETTINGS_INVALID`, which never contains the value
 */
export function readValue({ text, name }: GivenValue, source: Source, isSecret: boolean): string {
  if (source === 'value') return text;
  if (source === 'command') return runCommand(name, text);
  const content = withoutLineBreak(readFileOf(name, text));
  if (isSecret) assertPrivate(name, text);
  if (content) return content;
  throw invalidSettings(`${name} names ${text}, which is empty`);
}

/**
 * Reads a file in UTF-8 that a setting names.
 *
 * @throws UploadError `SETTINGS_INVALID` naming the setting and the path
 */
export function readFileOf(name: string, path: string): string {
  try {
    return decodeText(readFileSync(path));
  } catch (cause) {
    if (cause instanceof EncodingError)
      throw invalidSettings(`${name} names ${path}, which ${cause.message}`, 'Save the file as UTF-8.');
    const { code } = cause as NodeJS.ErrnoException;
    throw invalidSettings(`${name} names ${path}, which cannot be read (${code})`);
  }
}

/** The group may read a file that root owns, because Kubernetes mounts secrets that way. */
function assertPrivate(name: string, path: string): void {
  if (process.platform === 'win32') return;
  const { mode, uid } = statSync(path);
  const excess = mode & GROUP_OR_OTHERS & (uid === 0 ? ~GROUP_READS : ~0);
  if (excess === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  throw invalidSettings(
    `${name} names ${path}, which users other than its owner may read or write (mode ${octal})`,
    `Run: chmod 600 ${shellWord(path)}. If the secret is mounted, set its mode to 0400, or to 0440 for a group.`,
  );
}

/** Runs the command in the system's shell, so that it may be a pipeline. Its output never appears in an error. */
function runCommand(name: string, command: string): string {
  const {
    status,
    signal,
    stdout: output,
    error,
  } = spawnSync(command, {
    shell: true,
    encoding: 'buffer',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: COMMAND_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_COMMAND_BYTES,
  });
  const stdout = tryDecode(output);
  const problem = error
    ? (commandProblems[(error as NodeJS.ErrnoException).code ?? ''] ?? 'it could not be started')
    : outcomeProblem(status, signal, stdout);
  if (problem === undefined && stdout !== undefined) return withoutLineBreak(stdout);
  throw invalidSettings(
    `The command in ${name} returned no secret: ${problem}`,
    'Run the command as the same user to see why.',
  );
}

function tryDecode(bytes: Uint8Array): string | undefined {
  try {
    return decodeText(bytes);
  } catch {
    return undefined;
  }
}

function outcomeProblem(
  status: number | null,
  signal: NodeJS.Signals | null,
  stdout: string | undefined,
): string | undefined {
  if (status !== 0) return signal ? `it was ended by ${signal}` : `it exited with code ${status}`;
  if (stdout === undefined) return 'it printed text that is not UTF-8';
  return withoutLineBreak(stdout) === '' ? 'it printed nothing' : undefined;
}

const commandProblems: Readonly<Record<string, string>> = {
  ETIMEDOUT: `it did not exit within ${COMMAND_TIMEOUT_MS / 1000} s`,
  ENOBUFS: `it printed more than ${MAX_COMMAND_BYTES / 1024} KiB`,
};

const withoutLineBreak = (content: string) => content.replace(/\r?\n$/, '');
