/** Checks that each package in the lock file comes from a registry and has a checksum. */
import { readFileSync } from 'node:fs';

interface LockedPackage {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>;
};
for (const [path, { integrity, resolved, link }] of Object.entries(packages)) {
  if (path === '') continue;
  const problem = link
    ? 'is a link to a folder'
    : !/^sha512-/.test(integrity ?? '')
      ? 'has no SHA-512 checksum'
      : resolved !== undefined && !resolved.startsWith('https://')
        ? `does not come from a registry over TLS, but from ${resolved}`
        : undefined;
  if (problem === undefined) continue;
  console.error(`package-lock.json: ${path} ${problem}.`);
  process.exitCode = 1;
}
