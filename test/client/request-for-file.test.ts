import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseUploadRequest, requestForFile } from '../../src/client.js';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.js';

const CONTENT = 'subject,time,conc\n1,0,0\n';
const seen = {
  sizeBytes: CONTENT.length,
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
};

describe('the request for a file', () => {
  it('says where the file is and what it was when it was asked for', async () => {
    const { path, url } = await temporaryFile(CONTENT);
    expect(await requestForFile(path)).toEqual({ source: url, expect: seen });
  });

  it.each(['PK 50% #1?.csv', 'Étude·血漿.csv'])('leads back to a file of the name %s', async (name) => {
    const { path } = await temporaryFile(CONTENT, name);
    const { fileName, source } = parseUploadRequest(await requestForFile(path));
    expect(fileName).toBe(name);
    expect(source).toMatch(/^file:\/\/\/[!-~]+$/);
  });

  it('takes a path relative to the working directory', async () => {
    const { path, url } = await temporaryFile(CONTENT);
    expect((await requestForFile(relative(process.cwd(), path))).source).toBe(url);
  });

  it('keeps the rest of the request', async () => {
    const { path } = await temporaryFile(CONTENT, 'export-17.txt');
    const rest = { fileName: 'pk.csv', profile: 'team', batch: 'study 7' };
    expect(await requestForFile(path, rest)).toMatchObject(rest);
  });

  it.each([
    ['missing', 'missing.csv', 'FILE_NOT_FOUND'],
    ['of another type', 'pk.pdf', 'FILE_TYPE_UNSUPPORTED'],
  ])('is not made for a file that is %s', async (_what, name, code) => {
    await expect(requestForFile(`${await temporaryFolder()}/${name}`)).rejects.toMatchObject({ code });
  });

  it('is not made for a file that is empty', async () => {
    const { path } = await temporaryFile('');
    await expect(requestForFile(path)).rejects.toMatchObject({ code: 'FILE_EMPTY' });
  });
});
