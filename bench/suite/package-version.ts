import { readFile } from 'node:fs/promises';

/** Returns the installed version of a package. */
export async function versionOf(name: string): Promise<string> {
  const manifest = await readFile(
    new URL(`../../node_modules/${name}/package.json`, import.meta.url),
    'utf8',
  );
  return (JSON.parse(manifest) as { version: string }).version;
}
