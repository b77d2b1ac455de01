import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const changelog = fileURLToPath(new URL('../CHANGELOG.md', import.meta.url));

/** Returns the released versions, newest first: those with a heading in CHANGELOG.md. */
export const releasedVersions = (): string[] =>
  [...readFileSync(changelog, 'utf8').matchAll(/^## \[(\d+\.\d+\.\d+)\]/gm)].map(
    ([, version = '']) => version,
  );
