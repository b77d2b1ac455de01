import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { assertAsExpected, checkSource } from '../../src/files/source.js';
import { createSelfSigned } from '../support/certificates.js';
import {
  accessTo,
  bytesOf,
  openRemote,
  type Serving,
  serve,
  sourceServer,
} from '../support/source-server.js';
import { distinctBytes } from '../support/temporary-folder.js';

const content = distinctBytes(3_000_000);
const temporaryFiles = () => readdirSync(tmpdir()).filter((name) => name.startsWith('aplos-upload-'));
const QUERY = 'X-Amz-Signature=topsecret';

const fileAt = async (serving: Serving = {}) => {
  const server = await sourceServer(serve(content, serving));
  return { ...server, source: `${server.url}/study-7/pk.csv?${QUERY}` };
};

describe('a file at a server', () => {
  it('is streamed, and its length is known beforehand', async () => {
    const { source, requests } = await fileAt();
    const file = await openRemote(source);

    expect(file.sizeBytes).toBe(content.length);
    expect((await bytesOf(file)).equals(content)).toBe(true);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' });
    expect(requests[0]?.url).toBe(`/study-7/pk.csv?${QUERY}`);
  });

  it('is called by its URL without the query, which is a secret', async () => {
    const { source, url } = await fileAt();

    expect((await openRemote(source)).path).toBe(`${url}/study-7/pk.csv`);
  });

  it('is read anew each time it is read', async () => {
    const { source } = await fileAt();
    const file = await openRemote(source);

    expect((await bytesOf(file)).equals(content)).toBe(true);
    expect((await bytesOf(file)).equals(content)).toBe(true);
  });

  it('is found where up to five redirects lead', async () => {
    const server = await sourceServer((request, response, number) =>
      number <= 5
        ? response.writeHead(302, { location: `/${number}?${QUERY}` }).end()
        : serve(content)(request, response, number),
    );

    expect((await bytesOf(await openRemote(`${server.url}/pk.csv`))).equals(content)).toBe(true);
  });

  it('is looked at without being read', async () => {
    const { source } = await fileAt();
    const request = { source, fileName: 'pk.csv' };

    expect(await checkSource(request, accessTo())).toBe(content.length);
    await expect(checkSource({ ...request, expect: { sizeBytes: 7 } }, accessTo())).rejects.toMatchObject({
      code: 'FILE_NOT_AS_EXPECTED',
    });
  });

  it('is read over TLS from whom the certificate is for', async () => {
    const certificate = createSelfSigned();
    const { url } = await sourceServer(serve(content), certificate);

    await expect(openRemote(`${url}/pk.csv`)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('SELF_SIGNED_CERT'),
    });
    const file = await openRemote(`${url}/pk.csv`, { connect: { ca: certificate.cert } });
    expect((await bytesOf(file)).equals(content)).toBe(true);
  });
});

describe('a file whose server breaks off', () => {
  it.each<[what: string, headers: Record<string, string>]>([
    ['a strong ETag', { etag: '"v1"' }],
    ['a date', { 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' }],
    ['a date beside a weak ETag', { etag: 'W/"v1"', 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' }],
  ])('is taken up where it was cut, three times, by %s', async (_what, headers) => {
    const { source, requests } = await fileAt({ headers, cuts: [1_000_000, 0, 700_000] });

    expect((await bytesOf(await openRemote(source))).equals(content)).toBe(true);
    expect(requests).toHaveLength(4);
    const [, ...again] = requests.map((request) => request.headers);
    for (const { range, 'if-range': condition } of again) {
      expect(range).toMatch(/^bytes=\d+-$/);
      expect(condition).toBe(headers['last-modified'] ?? headers.etag);
    }
  });

  it('is not taken up where the server does not tell one file from another', async () => {
    const { source, requests } = await fileAt({ headers: { etag: 'W/"v1"' }, cuts: [100_000] });

    await expect(bytesOf(await openRemote(source))).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('sends nothing that identifies the version of the file'),
    });
    expect(requests).toHaveLength(1);
  });

  it('is not taken up by a server that gives no parts', async () => {
    const { source, requests } = await fileAt({ ranges: false, cuts: [100_000] });

    await expect(bytesOf(await openRemote(source))).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('does not support range requests'),
    });
    expect(requests).toHaveLength(2);
  });

  it('is given up when it was replaced in the meantime', async () => {
    const { url } = await sourceServer((request, response, number) =>
      serve(content, { headers: { etag: `"v${number}"` }, cuts: [100_000] })(request, response, number),
    );

    await expect(bytesOf(await openRemote(`${url}/pk.csv`))).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  it('is taken up when it gives nothing for the idle limit', async () => {
    const { url } = await sourceServer((request, response, number) => {
      if (number > 1) return serve(content)(request, response, number);
      response.writeHead(200, { etag: '"v1"', 'content-length': content.length });
      response.write(content.subarray(0, 500_000));
    });
    const patience = { idleTimeoutMs: 200 };

    const file = await openRemote(`${url}/pk.csv`, {}, patience);
    expect((await bytesOf(file, patience)).equals(content)).toBe(true);
  });

  it('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { url } = await sourceServer((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('a', () => controller.abort(reason));
    });
    const file = await openRemote(`${url}/pk.csv`);

    await expect(bytesOf(file, { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('a file of unknown length', () => {
  it('is taken to a disk, checked there, and leaves nothing behind', async () => {
    const before = temporaryFiles();
    const { source, requests } = await fileAt({ chunked: true });
    const file = await openRemote(source);

    expect(temporaryFiles()).toEqual(before);
    expect(file.sizeBytes).toBe(content.length);
    await assertAsExpected(file, { sizeBytes: content.length });
    expect((await bytesOf(file)).equals(content)).toBe(true);
    expect((await bytesOf(file)).equals(content), 'a second time').toBe(true);
    expect(requests).toHaveLength(1);
  });

  it('is looked at without being read', async () => {
    const { source } = await fileAt({ chunked: true });

    expect(await checkSource({ source, fileName: 'pk.csv' }, accessTo())).toBeUndefined();
  });

  it('is refused when it is longer than the limit, however long it is', async () => {
    const { url } = await sourceServer((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(content));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });

    await expect(openRemote(`${url}/pk.csv`, { spoolLimitBytes: 5_000_000 })).rejects.toMatchObject({
      code: 'SOURCE_SPOOL_LIMIT',
      message: expect.stringContaining('5000000 bytes'),
    });
  });

  it('is read anew by another attempt when it breaks off', async () => {
    const { source } = await fileAt({ chunked: true, cuts: [100_000] });

    await expect(openRemote(source)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
  });

  it('is empty when nothing comes', async () => {
    const { url } = await sourceServer(serve(Buffer.alloc(0), { chunked: true }));

    await expect(openRemote(`${url}/pk.csv`)).rejects.toMatchObject({ code: 'FILE_EMPTY' });
  });

  it('says so when the disk does not take it', async () => {
    const { source } = await fileAt({ chunked: true });
    const { TMPDIR } = process.env;
    process.env.TMPDIR = '/nowhere';
    try {
      await expect(openRemote(source)).rejects.toMatchObject({
        code: 'SOURCE_SPOOL_FAILED',
        message: expect.stringContaining('/nowhere (ENOENT)'),
      });
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });
});

describe("a server's refusal", () => {
  it.each([
    [401, 'SOURCE_REFUSED', 'requires a login'],
    [403, 'SOURCE_REFUSED', 'the presigned URL has expired'],
    [404, 'SOURCE_REFUSED', 'the file does not exist'],
    [410, 'SOURCE_REFUSED', 'no longer'],
    [400, 'SOURCE_REFUSED', 'returned 400'],
    [416, 'SOURCE_REFUSED', 'returned 416'],
    [429, 'SOURCE_UNAVAILABLE', 'returned 429'],
    [503, 'SOURCE_UNAVAILABLE', 'returned 503'],
    [204, 'SOURCE_ANSWER_UNEXPECTED', 'status 204'],
    [206, 'SOURCE_ANSWER_UNEXPECTED', 'status 206'],
    [304, 'SOURCE_ANSWER_UNEXPECTED', 'status 304'],
  ])('of %d is %s, and says "%s"', async (status, code, words) => {
    const { url } = await sourceServer((_request, response) => response.writeHead(status).end());

    const refused = openRemote(`${url}/pk.csv?${QUERY}`);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
    await expect(refused).rejects.not.toThrow('topsecret');
  });

  it('keeps the pause that it asks for', async () => {
    const { url } = await sourceServer((_request, response) =>
      response.writeHead(503, { 'retry-after': '7' }).end(),
    );

    await expect(openRemote(`${url}/pk.csv`)).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });

  it('is a silence, after the idle limit', async () => {
    const { url } = await sourceServer(() => {});

    await expect(openRemote(`${url}/pk.csv`, {}, { idleTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('0.05 s'),
    });
  });
});
