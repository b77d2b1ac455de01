import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Prints whether something holds. If it does not, this process will exit with code 1. */
export function expectThat(what: string, holds: boolean): void {
  console.log(`${holds ? '✓' : '✗'} ${what}`);
  if (!holds) process.exitCode = 1;
}

/** Packs the package in a folder as npm publishes it, and returns the path of the archive. */
export function pack(folder: string, destination: string): string {
  const [{ filename = '' } = {}] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', destination], {
      cwd: folder,
      encoding: 'utf8',
    }),
  ) as { filename?: string }[];
  return join(destination, filename);
}
