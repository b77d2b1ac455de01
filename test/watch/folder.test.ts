import { appendFile, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { WatchedFolder } from '../../src/watch/folder.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SETTLE_MS = 40;

describe('WatchedFolder', () => {
  let root: string;
  let folder: WatchedFolder;
  beforeEach(async () => {
    root = await temporaryFolder();
    folder = new WatchedFolder(root, SETTLE_MS);
  });

  async function write(...names: string[]): Promise<void> {
    for (const name of names) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), 'x');
    }
  }
  const settled = async () =>
    (await folder.scan()).dataFiles.filter((file) => file.settled).map(({ path }) => relative(root, path));
  const settledAfterWaiting = async () => {
    await sleep(SETTLE_MS + 5);
    return settled();
  };

  it('reports a file as settled once two scans, at least the settle time apart, find the same size and mtime', async () => {
    await write('pk.csv');
    await utimes(join(root, 'pk.csv'), 0, 0); // tools copy mtimes, so an old one does not count
    expect(await settled()).toEqual([]);
    expect(await settledAfterWaiting()).toEqual(['pk.csv']);
    await appendFile(join(root, 'pk.csv'), 'x');
    expect(await settled()).toEqual([]);
    expect(await settledAfterWaiting()).toEqual(['pk.csv']);
    await utimes(join(root, 'pk.csv'), 1, 1);
    expect(await settledAfterWaiting()).toEqual([]);
    expect(await settledAfterWaiting()).toEqual(['pk.csv']);
  });

  it('restarts the settle time of a file that was away', async () => {
    await write('pk.csv');
    await settled();
    await rename(join(root, 'pk.csv'), join(root, 'pk.csv.part'));
    expect(await settledAfterWaiting()).toEqual([]);
    await rename(join(root, 'pk.csv.part'), join(root, 'pk.csv'));
    expect(await settled()).toEqual([]);
    expect(await settledAfterWaiting()).toEqual(['pk.csv']);
  });

  it('skips temporary files of other programs, recycle bins and snapshots', async () => {
    await write(
      ...['.pk.csv.Xy12Ab', '.rsync-partial/pk.csv', '.~lock.pk.xlsx#', '._pk.csv', '.goutputstream-PK.csv'],
      ...['~$pk.xlsx', 'pk.csv.part', 'pk.csv.partial', 'pk.csv.filepart', 'pk.csv.crdownload', 'pk.csv.tmp'],
      ...['pk.csv~', '#pk.csv#', 'pk.csv.swp', 'pk.csv.download/pk.csv', 'pk.csv.aria2', 'notes.txt'],
      ...['$RECYCLE.BIN/S-1-5/$RA1.csv', '#recycle/pk.csv', '@Recycle/pk.csv', '.Trash-1000/files/pk.csv'],
      ...['~snapshot/hourly.0/pk.csv', '#snapshot/pk.csv', '@eaDir/pk.csv', 'lost+found/pk.csv'],
      ...['System Volume Information/pk.csv', 'pk.CSV', 'site 2/[b]/pk.xpt'],
    );
    await settled();
    expect((await settledAfterWaiting()).sort()).toEqual(['pk.CSV', 'site 2/[b]/pk.xpt']);
  });

  it('finds the configurations next to a data file, by both names and in upper and lower case', async () => {
    await write(
      'a.csv',
      'a.json',
      'b.csv',
      'b.csv.json',
      'c.CSV',
      'C.JSON',
      'd.csv',
      'x/d.json',
      'e.csv',
      'e.json',
      'e.csv.json',
    );
    const { dataFiles } = await folder.scan();
    const found = dataFiles.map(({ path, configurations }) => [
      relative(root, path),
      ...configurations.map((each) => relative(root, each.path)),
    ]);
    expect(found.sort()).toEqual([
      ['a.csv', 'a.json'],
      ['b.csv', 'b.csv.json'],
      ['c.CSV', 'C.JSON'],
      ['d.csv'],
      ['e.csv', 'e.json', 'e.csv.json'],
    ]);
  });

  it('throws while the folder is unavailable, and resumes once it is back', async () => {
    await write('pk.csv');
    await settled();
    expect(await settledAfterWaiting()).toEqual(['pk.csv']);
    await rename(root, `${root}-away`);
    await expect(folder.scan()).rejects.toMatchObject({ code: 'FOLDER_UNAVAILABLE' });
    await rename(`${root}-away`, root);
    expect(await settled()).toEqual(['pk.csv']);
    await rm(root, { recursive: true });
    await writeFile(root, 'a file');
    await expect(folder.scan()).rejects.toMatchObject({
      code: 'FOLDER_UNAVAILABLE',
      message: expect.stringContaining('cannot be read (ENOTDIR)'),
    });
  });
});
