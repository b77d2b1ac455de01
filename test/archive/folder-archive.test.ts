import { chmod, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderArchive } from '../../src/archive/folder-archive.js';
import { runRecord } from '../../src/records/receipt-file.js';
import { becomeOrdinaryUser } from '../support/ordinary-user.js';
import { aReceipt } from '../support/receipts.js';
import { newSigningKey } from '../support/signing-key.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NAME = 'pk.csv.0a1b2c3d4e5f.receipt.json';
const content = runRecord(aReceipt(), newSigningKey());

async function newArchive() {
  const folder = await temporaryFolder();
  return { folder, archive: new FolderArchive(folder), path: join(folder, NAME) };
}

describe('FolderArchive', () => {
  it('adds a record that nobody can write, and leaves nothing else', async () => {
    const { folder, archive, path } = await newArchive();
    expect(await archive.add(NAME, content)).toEqual({ location: path });
    expect(await readFile(path)).toEqual(content);
    expect((await stat(path)).mode & 0o227).toBe(0);
    expect((await stat(join(folder, '.incomplete'))).mode & 0o077).toBe(0);
    expect(await readdir(folder, { recursive: true })).toEqual(['.incomplete', NAME]);
    expect(await archive.read(NAME)).toEqual(content);
    expect(await archive.read('another')).toBeUndefined();
  });

  it('adds a record once, however often and however many at a time', async () => {
    const { folder, archive, path } = await newArchive();
    await archive.add(NAME, content);
    const { ino, mtimeMs } = await stat(path);
    await Promise.allSettled(Array.from({ length: 10 }, () => archive.add(NAME, content)));
    await archive.add(NAME, content);
    expect(await stat(path)).toMatchObject({ ino, mtimeMs });
    expect(await readdir(folder, { recursive: true })).toEqual(['.incomplete', NAME]);
  });

  it('accepts a record that states the same under another key, which was replaced between two attempts', async () => {
    const { archive, path } = await newArchive();
    await archive.add(NAME, content);
    await archive.add(NAME, runRecord(aReceipt(), newSigningKey()));
    await archive.add(NAME, runRecord(aReceipt(), undefined));
    expect(await readFile(path)).toEqual(content);
  });

  it.each([
    ['the record of another run', runRecord(aReceipt({ runId: 'another' }), undefined)],
    ['a part of the record', content.subarray(0, -10)],
    ['an empty file', Buffer.of()],
    ['no record at all', Buffer.from('{}')],
  ])('changes nothing if the name has %s', { tags: ['REQ-31'] }, async (_, found) => {
    const { archive, path } = await newArchive();
    await writeFile(path, found);
    await expect(archive.add(NAME, content)).rejects.toMatchObject({
      code: 'RECORD_CONFLICT',
      message: expect.stringContaining(path),
    });
    expect(await readFile(path)).toEqual(found);
  });

  it('follows no symlink to a file that does not exist', async () => {
    const { folder, archive, path } = await newArchive();
    await symlink(join(folder, 'elsewhere'), path);
    await expect(archive.add(NAME, content)).rejects.toMatchObject({ code: 'RECORD_UNWRITABLE' });
    expect(await readdir(folder)).toEqual(['.incomplete', NAME]);
  });

  it('removes what killed attempts have left, and nothing of attempts for other records', async () => {
    const { folder, archive } = await newArchive();
    const incomplete = join(folder, '.incomplete');
    await mkdir(incomplete);
    const old = new Date(Date.now() - 2 * 60 * 60_000);
    for (const name of [`${NAME}.1.tmp`, `${NAME}.2.tmp`, 'other.3.tmp', 'stale.4.tmp'])
      await writeFile(join(incomplete, name), 'a part');
    await utimes(join(incomplete, 'stale.4.tmp'), old, old);
    await archive.add(NAME, content);
    expect(await readdir(incomplete)).toEqual(['other.3.tmp']);
  });

  it('does not create the folder, which may be a share that is not mounted', async () => {
    const { folder, archive } = await newArchive();
    await rm(folder, { recursive: true });
    await expect(archive.add(NAME, content)).rejects.toMatchObject({
      code: 'RECORD_UNWRITABLE',
      message: expect.stringContaining('it does not exist, ENOENT'),
    });
    await expect(archive.names()).rejects.toMatchObject({ code: 'RECORDS_UNREADABLE' });
  });

  it('says why it cannot write', async () => {
    const { folder, archive } = await newArchive();
    await chmod(folder, 0o555);
    becomeOrdinaryUser();
    await expect(archive.add(NAME, content)).rejects.toMatchObject({
      code: 'RECORD_UNWRITABLE',
      retryable: true,
      message: expect.stringContaining('permission denied, EACCES'),
    });
  });
});
