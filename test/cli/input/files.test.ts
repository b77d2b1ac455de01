import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { filesFrom } from '../../../src/cli/input/files.js';

describe('filesFrom', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aplos-upload-test-'));
    await mkdir(join(folder, 'study/site 2'), { recursive: true });
    await mkdir(join(folder, 'study/.git'));
    await mkdir(join(folder, 'empty'));
    for (const name of [
      'study/pk-10.csv',
      'study/pk-2.CSV',
      'study/site 2/pk.xpt',
      'study/notes.txt',
      'study/.hidden.csv',
      'study/.git/x.csv',
      'study/~$pk.xlsx',
      'odd[1].csv',
    ])
      await writeFile(join(folder, name), 'x');
    await symlink(join(folder, 'study'), join(folder, 'study/loop'));
    await mkdir(join(folder, 'linked'));
    await symlink(join(folder, 'study/pk-10.csv'), join(folder, 'linked/pk.csv'));
    await mkdir(join(folder, 'broken'));
    await writeFile(join(folder, 'broken/pk.csv'), 'x');
    await symlink('gone', join(folder, 'broken/dead.csv'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const list = async (...locations: string[]) =>
    (await filesFrom(locations.map((location) => join(folder, location)))).map((file) =>
      relative(folder, file),
    );

  it('lists the data files in a folder, sorted by name, without hidden files and lock files', async () => {
    expect(await list('study')).toEqual(['study/pk-2.CSV', 'study/pk-10.csv', 'study/site 2/pk.xpt']);
  });

  it('expands a glob', async () => {
    expect(await list('study/*.csv')).toEqual(['study/pk-2.CSV', 'study/pk-10.csv']);
    expect(await list('study/{pk-10,pk-11}.csv')).toEqual(['study/pk-10.csv']);
  });

  it('prefers a file whose name looks like a glob', async () => {
    expect(await list('odd[1].csv')).toEqual(['odd[1].csv']);
  });

  it('lists each file once, and keeps a path that does not exist', async () => {
    expect(
      await list('study/pk-10.csv', 'study/../study/pk-10.csv', 'study/*-10.csv', 'missing.csv'),
    ).toEqual(['study/pk-10.csv', 'missing.csv']);
  });

  it('lists a file that is named and also found in a folder once, under the name that was given', async () => {
    expect(await list('study', 'linked/pk.csv')).toEqual([
      'study/pk-2.CSV',
      'study/site 2/pk.xpt',
      'linked/pk.csv',
    ]);
    expect(await list('linked', 'study')).toEqual(['linked/pk.csv', 'study/pk-2.CSV', 'study/site 2/pk.xpt']);
  });

  it('throws an error that names what cannot be seen, or leaves it out with --skip-unreadable', async () => {
    const problem = expect.stringMatching(/^LINK_BROKEN: The link ".*broken\/dead\.csv" leads to "gone"/);
    for (const location of ['broken', 'broken/*.csv'])
      await expect(list(location)).rejects.toMatchObject({
        problems: [problem],
        hint: [expect.stringContaining('--skip-unreadable')],
      });
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => written.mockRestore());
    const files = await filesFrom([join(folder, 'broken')], { skipUnreadable: true });
    expect(files.map((file) => relative(folder, file))).toEqual(['broken/pk.csv']);
    expect(written.mock.calls.join()).toMatch(/Left out\. LINK_BROKEN: The link ".*dead\.csv"/);
  });

  it('throws an error that names each folder and glob without files', async () => {
    await expect(list('empty', 'none*.csv')).rejects.toMatchObject({
      problems: [
        expect.stringMatching(/^FILE_NOT_FOUND: The folder ".*empty" contains no data files/),
        expect.stringMatching(/^FILE_NOT_FOUND: No file matches ".*none\*\.csv"/),
      ],
    });
  });
});
