import { execFileSync } from 'node:child_process';
import { appendFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, realpath, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FILE_TYPES, MAX_FILE_BYTES } from '../../src/contract/names.js';
import { CHUNK_BYTES } from '../../src/files/chunk-buffers.js';
import { assertSha256, assertSize, hashFile, type OpenFile, openSource } from '../../src/files/source.js';
import { sha256Of } from '../support/hashes.js';
import { becomeOrdinaryUser } from '../support/ordinary-user.js';
import { distinctBytes, temporaryFile, temporaryFolder } from '../support/temporary-folder.js';

const url = (path: string) => pathToFileURL(path).href;

async function opened(source: string, fileName = 'pk.csv', roots: readonly string[] = []): Promise<OpenFile> {
  const file = await openSource(source, fileName, { roots });
  onTestFinished(() => file.close());
  return file;
}

describe('openSource', () => {
  it('returns the size and the bytes of a file', async () => {
    const content = distinctBytes(2 * CHUNK_BYTES + 5);
    const file = await opened((await temporaryFile(content)).url);

    expect(file.sizeBytes).toBe(content.length);
    expect((await bytesOf(file)).equals(content)).toBe(true);
    expect((await bytesOf(file)).equals(content), 'a second time').toBe(true);
  });

  it('decodes file names in URLs', async () => {
    const { path } = await temporaryFile('a', 'größe #1 100%?.csv');

    expect((await opened(url(path))).path).toBe(path);
  });

  it.each([
    ['https://example.com/pk.csv?X-Amz-Signature=topsecret', 'can only be read by a worker'],
    ['s3://topsecret@bucket/pk.csv', 's3://bucket/key'],
    ['gopher://example.com/topsecret', 'gopher:'],
    ['/data/pk.csv', 'not a URL'],
    ['file:///data/run#1.csv', '%23'],
    ['file:///data/run?1.csv', '%3F'],
    ['file://server/share/pk.csv', 'local file'],
    ['file:///data%2Fpk.csv', 'local file'],
    ['file:///data/%00.csv', 'local file'],
  ])('rejects the source %s', async (source, text) => {
    const refused = openSource(source, 'pk.csv');

    await expect(refused).rejects.toMatchObject({
      code: 'SOURCE_UNSUPPORTED',
      message: expect.stringContaining(text),
    });
    await expect(refused).rejects.not.toThrow('topsecret');
  });

  it('names a missing file', async () => {
    const missing = join(await temporaryFolder(), 'missing.csv');

    await expect(openSource(url(missing), 'pk.csv')).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringContaining(missing),
    });
  });

  it('keeps the message on one line whatever the file name', async () => {
    const missing = join(await temporaryFolder(), 'a\nb.csv');

    await expect(openSource(url(missing), 'pk.csv')).rejects.toThrow('a\\nb.csv');
  });

  it('does not wait for the writer of a named pipe', async () => {
    const path = join(await temporaryFolder(), 'pipe.csv');
    execFileSync('mkfifo', [path]);

    await expect(openSource(url(path), 'pk.csv')).rejects.toMatchObject({ code: 'FILE_NOT_REGULAR' });
  });

  it('rejects a socket', async () => {
    const path = join(await temporaryFolder(), 'socket.csv');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());

    await expect(openSource(url(path), 'pk.csv')).rejects.toMatchObject({ code: 'FILE_NOT_REGULAR' });
  });

  it('rejects a directory and a device', async () => {
    const folder = await temporaryFolder();

    await expect(openSource(url(folder), 'pk.csv')).rejects.toMatchObject({ code: 'FILE_NOT_REGULAR' });
    await expect(openSource('file:///dev/zero', 'pk.csv')).rejects.toMatchObject({
      code: 'FILE_NOT_REGULAR',
    });
  });

  it('reports a path that does not exist as missing, whatever its name', async () => {
    for (const name of ['stdy-7', 'notes.txt', 'pk.csv'])
      await expect(openSource(url(`/nowhere/${name}`), name)).rejects.toMatchObject({
        code: 'FILE_NOT_FOUND',
      });
    const { path } = await temporaryFile('a', 'notes.txt');
    await expect(openSource(url(path), 'notes.txt')).rejects.toMatchObject({ code: 'FILE_TYPE_UNSUPPORTED' });
  });

  it('throws FILE_UNREADABLE without read permission', async () => {
    const { path } = await temporaryFile('a');
    await chmod(path, 0o000);
    becomeOrdinaryUser();

    await expect(openSource(url(path), 'pk.csv')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  it('rejects an empty file', async () => {
    await expect(openSource((await temporaryFile('')).url, 'pk.csv')).rejects.toMatchObject({
      code: 'FILE_EMPTY',
    });
  });

  it('accepts a file of 5 GiB and rejects one that is a byte longer', async () => {
    const { path } = await temporaryFile('a');

    await truncate(path, MAX_FILE_BYTES);
    expect((await opened(url(path))).sizeBytes).toBe(5_368_709_120);
    await truncate(path, MAX_FILE_BYTES + 1);
    await expect(openSource(url(path), 'pk.csv')).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
      message: expect.stringContaining('5368709121'),
    });
  });

  it.each([...FILE_TYPES, '.CSV', '.Xpt'])('takes %s', async (ending) => {
    await expect(opened((await temporaryFile('a')).url, `pk${ending}`)).resolves.toBeDefined();
  });

  it.each(['pk.txt', 'pk', 'csv', 'pk.csv.gz'])(
    'rejects the type of %s and names the supported types',
    async (name) => {
      await expect(openSource((await temporaryFile('a')).url, name)).rejects.toMatchObject({
        code: 'FILE_TYPE_UNSUPPORTED',
        message: expect.stringContaining('.csv, .xpt, .sas7bdat, .dat, .xls, .xlsx'),
      });
    },
  );
});

describe('roots', { tags: ['REQ-24'] }, () => {
  it('allow files in them and their subdirectories', async () => {
    const { path } = await temporaryFile('a');

    await expect(
      opened(url(path), 'pk.csv', ['/nowhere', await realpath(join(path, '..'))]),
    ).resolves.toBeDefined();
  });

  it('exclude all other files, even in a directory with the same prefix', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'data'));
    await mkdir(join(folder, 'data-of-others'));
    const outside = join(folder, 'data-of-others', 'pk.csv');
    await writeFile(outside, 'a');

    await expect(openSource(url(outside), 'pk.csv', { roots: [join(folder, 'data')] })).rejects.toMatchObject(
      {
        code: 'FILE_OUTSIDE_ROOTS',
        message: expect.stringContaining(outside),
      },
    );
  });

  it('exclude symlinks that point outside', async () => {
    const root = await temporaryFolder();
    const { path } = await temporaryFile('a');
    await symlink(path, join(root, 'link.csv'));

    await expect(openSource(url(join(root, 'link.csv')), 'pk.csv', { roots: [root] })).rejects.toMatchObject({
      code: 'FILE_OUTSIDE_ROOTS',
    });
  });

  it('allow symlinks that point inside, and may be symlinks', async () => {
    const { path } = await temporaryFile('a');
    const root = join(await temporaryFolder(), 'root');
    await symlink(join(path, '..'), root);

    await expect(opened(url(join(root, 'pk.csv')), 'pk.csv', [root])).resolves.toBeDefined();
  });
});

describe('a file that changes while it is read', { tags: ['REQ-07'] }, () => {
  const size = 6 * CHUNK_BYTES;

  it.each<[string, (path: string) => void]>([
    ['grows', (path) => appendFileSync(path, 'more')],
    ['shrinks', (path) => truncateSync(path, CHUNK_BYTES + 1)],
    ['is written to in place', (path) => writeFileSync(path, distinctBytes(size), { flag: 'r+' })],
    ['only gets another time', (path) => utimesSync(path, 1, 1)],
    ['is removed', (path) => rmSync(path)],
    ['is moved away', (path) => renameSync(path, `${path}.moved`)],
    [
      'is replaced by another of the same size',
      (path) => {
        writeFileSync(`${path}.new`, distinctBytes(size));
        renameSync(`${path}.new`, path);
      },
    ],
  ])('never yields its last bytes if it %s', async (_, change) => {
    const { path } = await temporaryFile(distinctBytes(size));
    const file = await opened(url(path));
    let bytesRead = 0;

    const reading = (async () => {
      for await (const chunk of file.chunks()) {
        if (bytesRead === 0) change(path);
        bytesRead += chunk.length;
      }
    })();

    await expect(reading).rejects.toMatchObject({
      code: 'FILE_CHANGED',
      message: expect.stringContaining(path),
    });
    expect(bytesRead).toBeLessThan(size);
    await expect(hashFile(file)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });
});

describe('hashFile', () => {
  it('returns the SHA-256 and reports progress', async () => {
    const content = distinctBytes(2 * CHUNK_BYTES + 5);
    const file = await opened((await temporaryFile(content)).url);
    const progress: number[] = [];

    expect(await hashFile(file, { onBytes: (bytes) => progress.push(bytes) })).toEqual({
      sha256: sha256Of(content),
      sizeBytes: content.length,
    });
    expect(progress).toEqual([CHUNK_BYTES, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 5]);
  });

  it('throws the reason of an aborted signal', async () => {
    const file = await opened((await temporaryFile(distinctBytes(4 * CHUNK_BYTES))).url);
    const controller = new AbortController();
    const reason = new Error('enough');

    const hashing = hashFile(file, { signal: controller.signal, onBytes: () => controller.abort(reason) });

    await expect(hashing).rejects.toBe(reason);
  });
});

describe('assertSize', () => {
  it('accepts the size of the file, or none', async () => {
    const file = await opened((await temporaryFile('abc')).url);

    expect(() => assertSize(file, 3)).not.toThrow();
    expect(() => assertSize(file, undefined)).not.toThrow();
  });

  it('throws for another size', async () => {
    const file = await opened((await temporaryFile('abc')).url);

    expect(() => assertSize(file, 4)).toThrow(
      expect.objectContaining({
        code: 'FILE_NOT_AS_EXPECTED',
        message: expect.stringMatching(/3 bytes.*4 bytes/),
      }),
    );
  });
});

describe('assertSha256', { tags: ['REQ-07'] }, () => {
  it('throws for another SHA-256', async () => {
    const file = await opened((await temporaryFile('abc')).url);
    const [actual, expected] = [sha256Of(Buffer.from('abc')), sha256Of(Buffer.from('abd'))];

    expect(() => assertSha256(file, actual, actual)).not.toThrow();
    expect(() => assertSha256(file, actual, expected)).toThrow(
      expect.objectContaining({
        code: 'FILE_NOT_AS_EXPECTED',
        message: expect.stringMatching(`${actual}.*${expected}`),
      }),
    );
  });
});

async function bytesOf(file: OpenFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of file.chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
