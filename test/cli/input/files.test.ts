import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesAt } from '../../../src/cli/input/files.js';

describe('the files that arguments name', () => {
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
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const found = async (...places: string[]) =>
    (await filesAt(places.map((place) => join(folder, place)))).map((file) => relative(folder, file));

  it('below a folder are the data files, in the order of their names, hidden ones and lock files aside', async () => {
    expect((await found('study')).filter((file) => !file.includes('loop'))).toEqual([
      'study/pk-2.CSV',
      'study/pk-10.csv',
      'study/site 2/pk.xpt',
    ]);
  });

  it('may be named by a glob', async () => {
    expect(await found('study/*.csv')).toEqual(['study/pk-2.CSV', 'study/pk-10.csv']);
    expect(await found('study/{pk-10,pk-11}.csv')).toEqual(['study/pk-10.csv']);
  });

  it('are taken by their names first, whatever those look like', async () => {
    expect(await found('odd[1].csv')).toEqual(['odd[1].csv']);
  });

  it('are named once each, and one that is missing is left for the check to tell', async () => {
    expect(
      await found('study/pk-10.csv', 'study/../study/pk-10.csv', 'study/*-10.csv', 'missing.csv'),
    ).toEqual(['study/pk-10.csv', 'missing.csv']);
  });

  it('are there, or the folder or glob is named', async () => {
    await expect(found('empty', 'none*.csv')).rejects.toMatchObject({
      problems: [
        expect.stringMatching(/^FILE_NOT_FOUND: The folder ".*empty" holds no file/),
        expect.stringMatching(/^FILE_NOT_FOUND: No file fits ".*none\*\.csv"/),
      ],
    });
  });
});
