import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseUploadRequest, requestForFile } from '../../src/client.js';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.js';

const CONTENT = 'subject,time,conc\n1,0,0\n';
const expected = {
  sizeBytes: CONTENT.length,
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
};

describe('requestForFile', () => {
  it('records the URL, the size and the hash of the file', async () => {
    const { path, url } = await temporaryFile(CONTENT);
    expect(await requestForFile(path)).toEqual({ source: url, expect: expected });
  });

  it.each(['PK 50% #1?.csv', 'Étude·血漿.csv'])(
    'creates a URL that leads back to a file named %s',
    async (name) => {
      const { path } = await temporaryFile(CONTENT, name);
      const { fileName, source } = parseUploadRequest(await requestForFile(path));
      expect(fileName).toBe(name);
      expect(source).toMatch(/^file:\/\/\/[!-~]+$/);
    },
  );

  it('accepts a path relative to the working directory', async () => {
    const { path, url } = await temporaryFile(CONTENT);
    expect((await requestForFile(relative(process.cwd(), path))).source).toBe(url);
  });

  it('keeps the remaining fields of the request', async () => {
    const { path } = await temporaryFile(CONTENT, 'export-17.txt');
    const rest = { fileName: 'pk.csv', profile: 'team', batch: 'study 7' };
    expect(await requestForFile(path, rest)).toMatchObject(rest);
  });

  it('rejects a file that is missing', async () => {
    const path = `${await temporaryFolder()}/missing.csv`;
    await expect(requestForFile(path)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('rejects a file that is of another type', async () => {
    const { path } = await temporaryFile(CONTENT, 'pk.pdf');
    await expect(requestForFile(path)).rejects.toMatchObject({ code: 'FILE_TYPE_UNSUPPORTED' });
  });

  it('rejects an empty file', async () => {
    const { path } = await temporaryFile('');
    await expect(requestForFile(path)).rejects.toMatchObject({ code: 'FILE_EMPTY' });
  });
});
