import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { WatchedFolder } from '../../src/watch/folder.js';
import { stopClock } from '../support/stopped-clock.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SETTLE_MS = 40_000;

const mount = (folder: string) => execFileSync('mount', ['-t', 'tmpfs', 'none', folder], { stdio: 'ignore' });
const unmount = (folder: string) => execFileSync('umount', [folder], { stdio: 'ignore' });

/** Reports whether this process may mount file systems. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'upload-'));
  try {
    mount(folder);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('WatchedFolder', () => {
  let root: string;
  let folder: WatchedFolder;
  let advance: (ms: number) => void;
  beforeEach(async () => {
    advance = stopClock();
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
    advance(SETTLE_MS);
    return settled();
  };

  it('says so if it is a file', async () => {
    await write('pk.csv');
    await expect(new WatchedFolder(join(root, 'pk.csv'), SETTLE_MS).scan()).rejects.toMatchObject({
      code: 'FOLDER_UNAVAILABLE',
      message: expect.stringMatching(/pk\.csv" is not a folder\. Name a folder\./),
    });
  });

  it('reports a file as settled once two scans, at least the settle time apart, find the same version', async () => {
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

  it('restarts the settle time of a file that other content replaces, even if size and mtime are copied', async () => {
    await write('pk.csv');
    await utimes(join(root, 'pk.csv'), 1, 1);
    await settled();
    expect(await settledAfterWaiting()).toEqual(['pk.csv']);
    const [before] = (await folder.scan()).dataFiles;
    await writeFile(join(root, 'new.part'), 'y');
    await utimes(join(root, 'new.part'), 1, 1);
    await rename(join(root, 'new.part'), join(root, 'pk.csv'));
    expect(await settled()).toEqual([]);
    await sleep(50); // longer than the resolution of the times in file systems
    advance(SETTLE_MS);
    const [renamed] = (await folder.scan()).dataFiles;
    expect(renamed).toMatchObject({ settled: true });
    expect(renamed?.stamp).not.toBe(before?.stamp);
    await writeFile(join(root, 'pk.csv'), 'z'); // the same inode
    await utimes(join(root, 'pk.csv'), 1, 1);
    const [written] = (await folder.scan()).dataFiles;
    expect(written).toMatchObject({ settled: false });
    expect(written?.stamp).not.toBe(renamed?.stamp);
  });

  it('reports what it cannot see by path, and lists a linked file once but a linked configuration under each link', async () => {
    await write('pk.csv', 'shared/day-1.json', 'b.csv');
    await symlink('pk.csv', join(root, 'again.csv'));
    await symlink('shared/day-1.json', join(root, 'pk.json'));
    await symlink('shared/day-1.json', join(root, 'b.json'));
    await symlink('gone', join(root, 'site'));
    const { dataFiles, unreadable, repeats } = await folder.scan();
    expect(
      dataFiles.map(({ path, configurations }) => [path, ...configurations.map((each) => each.path)]).sort(),
    ).toEqual([
      [join(root, 'b.csv'), join(root, 'b.json')],
      [join(root, 'pk.csv'), join(root, 'pk.json')],
    ]);
    expect([...unreadable].map(([path, { code }]) => [path, code])).toEqual([
      [join(root, 'site'), 'LINK_BROKEN'],
    ]);
    expect(repeats).toEqual([{ path: join(root, 'again.csv'), sameAs: join(root, 'pk.csv') }]);
  });

  it('throws while the share that it was on is not mounted, also after a restart', async () => {
    await write('pk.csv');
    const { identity } = await folder.scan();
    const unmounted = { mountPoint: root, inode: '2' };
    await expect(new WatchedFolder(root, SETTLE_MS, unmounted).scan()).rejects.toMatchObject({
      code: 'FOLDER_UNAVAILABLE',
      message: expect.stringMatching(/was on the share mounted at ".*", which is not mounted/),
    });
    const other = { ...identity, inode: '2' };
    expect((await new WatchedFolder(root, SETTLE_MS, other).scan()).dataFiles).toHaveLength(1);
    await rm(join(root, 'pk.csv'));
    await expect(new WatchedFolder(root, SETTLE_MS, other).scan()).rejects.toMatchObject({
      code: 'FOLDER_UNAVAILABLE',
      message: expect.stringMatching(/is empty, and is not the one that was watched before/),
    });
    expect((await folder.scan()).dataFiles).toEqual([]);
  });

  it.skipIf(!canMount())(
    'throws while a share is unmounted, and resumes once it is mounted again',
    async () => {
      mount(root);
      await write('site/pk.csv');
      const inShare = new WatchedFolder(join(root, 'site'), SETTLE_MS);
      const { identity } = await inShare.scan();
      expect(identity.mountPoint).toBe(root);
      await folder.scan();
      unmount(root);
      await mkdir(join(root, 'site'));
      for (const each of [folder, inShare])
        await expect(each.scan()).rejects.toMatchObject({ code: 'FOLDER_UNAVAILABLE' });
      mount(root);
      await write('site/pk.csv');
      for (const each of [folder, inShare]) expect((await each.scan()).dataFiles).toHaveLength(1);
      unmount(root);
    },
  );

  it.skipIf(!canMount())(
    'reports a subfolder whose share is unmounted, also after a restart, and reads the rest',
    async () => {
      await mkdir(join(root, 'site'));
      mount(join(root, 'site'));
      await write('pk.csv', 'site/a.csv');
      expect((await folder.scan()).mountPoints).toEqual([join(root, 'site')]);
      unmount(join(root, 'site'));
      await write('site/local.csv');
      const restarted = new WatchedFolder(root, SETTLE_MS, undefined, [join(root, 'site')]);
      for (const each of [folder, restarted]) {
        const { dataFiles, unreadable } = await each.scan();
        expect(dataFiles.map(({ path }) => path)).toEqual([join(root, 'pk.csv')]);
        expect([...unreadable].map(([path, { code }]) => [path, code])).toEqual([
          [join(root, 'site'), 'FOLDER_UNAVAILABLE'],
        ]);
      }
      mount(join(root, 'site'));
      expect((await folder.scan()).unreadable.size).toBe(0);
      unmount(join(root, 'site'));
    },
  );

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
      message: expect.stringContaining('is not a folder'),
    });
  });
});
