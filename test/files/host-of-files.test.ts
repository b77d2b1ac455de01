import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hostFor } from '../../src/files/host-of-files.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A disk of this host, and a mount that every worker sees under the same path, through a link of its own. */
async function disks() {
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

describe('the host of a file', () => {
  it('is this one where the file is on its own disk', async () => {
    const { hostOf } = await disks();
    expect(await hostOf('disk', 'pk.csv')).toBe('lab-7');
  });

  it('is none where the file is on a shared mount', async () => {
    const { hostOf } = await disks();
    expect(await hostOf('mount', 'pk.csv')).toBeUndefined();
  });

  it('is this one where a link leads out of the mount, or into it, or beside it', async () => {
    const { hostOf } = await disks();
    expect(await hostOf('mount', 'to-disk.csv')).toBe('lab-7');
    expect(await hostOf('disk', 'to-mount.csv')).toBe('lab-7');
    expect(await hostOf('mount', '..', 'disk', 'pk.csv')).toBe('lab-7');
    expect(await hostOf('mount-2', 'pk.csv')).toBe('lab-7');
  });

  it('is this one where there is no file: nobody knows that others see it', async () => {
    const { hostOf } = await disks();
    expect(await hostOf('mount', 'gone.csv')).toBe('lab-7');
  });

  it.each(['https://files.example.com/pk.csv', 's3://bucket/pk.csv', 'no URL'])(
    'is none of %s',
    async (source) => {
      expect(await hostFor(source, { host: 'lab-7', sharedRoots: [] })).toBeUndefined();
    },
  );

  it('is none where this host has no name', async () => {
    expect(await hostFor('file:///data/pk.csv', { sharedRoots: [] })).toBeUndefined();
  });
});
