import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { fetchWheels, type Wheels } from './wheels.js';

/** Programs to provide, by the names in code. */
export type Programs<Key extends string> = Readonly<Record<Key, Program>>;

interface Program {
  /** Name of the file. */
  readonly name: string;
  /** Environment variable for the path. */
  readonly variable: string;
  /** True if one on the PATH may be used. */
  readonly fromPath: boolean;
}

/**
 * Returns a function that finds programs, and downloads those that are missing. The search order is the path in the variable
 * of a program; then the PATH; then a cache folder, which pip fills the first time. The result is remembered. Safe to call
 * from several processes at once.
 */
export function provided<Key extends string>(
  programs: Programs<Key>,
  wheels: Omit<Wheels, 'instead'>,
): () => Promise<Record<Key, string>> {
  let found: Promise<Record<Key, string>> | undefined;
  return () => {
    found ??= find(programs, wheels).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}

async function find<Key extends string>(
  programs: Programs<Key>,
  wheels: Omit<Wheels, 'instead'>,
): Promise<Record<Key, string>> {
  const all = Object.entries(programs) as [Key, Program][];
  const variables = all.map(([, { name, variable }]) => `${variable} (${name})`);
  let folder: Promise<string> | undefined;
  const fetched = async (program: Program) => {
    folder ??= fetchWheels({
      ...wheels,
      instead: `Or install them yourself and set ${variables.join(', ')}.`,
    });
    return inFolder(join(await folder, 'bin'), program);
  };
  const paths = await Promise.all(
    all.map(async ([key, program]) => [key, (await installed(program)) ?? (await fetched(program))] as const),
  );
  return Object.fromEntries(paths) as Record<Key, string>;
}

/** Returns the program that the environment names, or that is on the PATH. */
async function installed({ name, variable, fromPath }: Program): Promise<string | undefined> {
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

async function inFolder(bin: string, { name, variable }: Program): Promise<string> {
  const path = join(bin, name);
  if (await isExecutable(path)) return path;
  throw new Error(
    `There is no prebuilt "${name}" for this platform (${process.platform}, ${process.arch}). ` +
      `Install it and set ${variable} to its path.`,
  );
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
