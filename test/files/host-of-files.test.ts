import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hostFor } from '../../src/files/host-of-files.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Creates a directory on this host, and a shared directory that is reached through a symlink. */
async function createDirectories() {
  const folder = await temporaryFolder();
  const at = (...path: string[]) => join(folder, ...path);
  for (const each of ['disk', 'real-mount', 'mount-2']) {
    await mkdir(at(each));
    await writeFile(at(each, 'pk.csv'), 'a\n1\n');
  }
  await symlink(at('real-mount'), at('mount'));
  await symlink(at('disk', 'pk.csv'), at('mount', 'to-disk.csv'));
  await symlink(at('mount', 'pk.csv'), at('disk', 'to-mount.csv'));
  const here = { host: 'lab-7', sharedRoots: [at('mount')] };
  const hostOf = (...path: string[]) => hostFor(pathToFileURL(at(...path)).href, here);
  return { hostOf };
}

describe('hostFor', () => {
  it('returns this host for a file on its own disk', async () => {
    const { hostOf } = await createDirectories();
    expect(await hostOf('disk', 'pk.csv')).toBe('lab-7');
  });

  it('returns undefined for a file in a shared directory', async () => {
    const { hostOf } = await createDirectories();
    expect(await hostOf('mount', 'pk.csv')).toBeUndefined();
  });

  it('returns this host for symlinks into, out of and next to a shared directory', async () => {
    const { hostOf } = await createDirectories();
    expect(await hostOf('mount', 'to-disk.csv')).toBe('lab-7');
    expect(await hostOf('disk', 'to-mount.csv')).toBe('lab-7');
    expect(await hostOf('mount', '..', 'disk', 'pk.csv')).toBe('lab-7');
    expect(await hostOf('mount-2', 'pk.csv')).toBe('lab-7');
  });

  it('returns this host for a missing file', async () => {
    const { hostOf } = await createDirectories();
    expect(await hostOf('mount', 'gone.csv')).toBe('lab-7');
  });

  it.each(['https://files.example.com/pk.csv', 's3://bucket/pk.csv', 'no URL'])(
    'returns undefined for %s',
    async (source) => {
      expect(await hostFor(source, { host: 'lab-7', sharedRoots: [] })).toBeUndefined();
    },
  );

  it('returns undefined if this host has no name', async () => {
    expect(await hostFor('file:///data/pk.csv', { sharedRoots: [] })).toBeUndefined();
  });
});
