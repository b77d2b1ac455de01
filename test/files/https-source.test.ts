import { readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { checkSource } from '../../src/files/source.js';
import { createSelfSigned } from '../support/certificates.js';
import {
  accessTo,
  bytesOf,
  openRemote,
  type Serving,
  serve,
  sourceServer,
} from '../support/source-server.js';
import { distinctBytes, temporaryFolder } from '../support/temporary-folder.js';

const content = distinctBytes(3_000_000);
const QUERY = 'X-Amz-Signature=topsecret';

const fileAt = async (serving: Serving = {}) => {
  const server = await sourceServer(serve(content, serving));
  return { ...server, source: `${server.url}/study-7/pk.csv?${QUERY}` };
};

describe('a file on a server', () => {
  it('is streamed after its length is known', async () => {
    const { source, requests } = await fileAt();
    const file = await openRemote(source);

    expect(file.sizeBytes).toBe(content.length);
    expect((await bytesOf(file)).equals(content)).toBe(true);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' });
    expect(requests[0]?.url).toBe(`/study-7/pk.csv?${QUERY}`);
  });

  it('is shown as its URL without the secret query', async () => {
    const { source, url } = await fileAt();

    expect((await openRemote(source)).path).toBe(`${url}/study-7/pk.csv`);
  });

  it('is requested again for each read', async () => {
    const { source } = await fileAt();
    const file = await openRemote(source);

    expect((await bytesOf(file)).equals(content)).toBe(true);
    expect((await bytesOf(file)).equals(content)).toBe(true);
  });

  it('is found after up to five redirects', async () => {
    const server = await sourceServer((request, response, number) =>
      number <= 5
        ? response.writeHead(302, { location: `/${number}?${QUERY}` }).end()
        : serve(content)(request, response, number),
    );

    expect((await bytesOf(await openRemote(`${server.url}/pk.csv`))).equals(content)).toBe(true);
  });

  it('is checked without being read', async () => {
    const { source } = await fileAt();
    const request = { source, fileName: 'pk.csv' };

    expect(await checkSource(request, accessTo())).toBe(content.length);
    await expect(checkSource({ ...request, expect: { sizeBytes: 7 } }, accessTo())).rejects.toMatchObject({
      code: 'FILE_NOT_AS_EXPECTED',
    });
  });

  it('is only read over TLS if the certificate is trusted', async () => {
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

describe('a file whose connection drops', () => {
  it.each<[what: string, headers: Record<string, string>]>([
    ['a strong ETag', { etag: '"v1"' }],
    ['a date', { 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' }],
    ['a date next to a weak ETag', { etag: 'W/"v1"', 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' }],
  ])('is resumed three times, identified by %s', async (_what, headers) => {
    const { source, requests } = await fileAt({ headers, cuts: [1_000_000, 0, 700_000] });

    expect((await bytesOf(await openRemote(source))).equals(content)).toBe(true);
    expect(requests).toHaveLength(4);
    const [, ...resumed] = requests.map((request) => request.headers);
    for (const { range, 'if-range': condition } of resumed) {
      expect(range).toMatch(/^bytes=\d+-$/);
      expect(condition).toBe(headers['last-modified'] ?? headers.etag);
    }
  });

  it('is not resumed if the server does not identify its version', async () => {
    const { source, requests } = await fileAt({ headers: { etag: 'W/"v1"' }, cuts: [100_000] });

    await expect(bytesOf(await openRemote(source))).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('sends nothing that identifies the version of the file'),
    });
    expect(requests).toHaveLength(1);
  });

  it('is not resumed if the server does not support range requests', async () => {
    const { source, requests } = await fileAt({ ranges: false, cuts: [100_000] });

    await expect(bytesOf(await openRemote(source))).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('does not support range requests'),
    });
    expect(requests).toHaveLength(2);
  });

  it('fails if the file was replaced in the meantime', async () => {
    const { url } = await sourceServer((request, response, number) =>
      serve(content, { headers: { etag: `"v${number}"` }, cuts: [100_000] })(request, response, number),
    );

    await expect(bytesOf(await openRemote(`${url}/pk.csv`))).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  it('is resumed after the idle timeout', async () => {
    const { url } = await sourceServer((request, response, number) => {
      if (number > 1) return serve(content)(request, response, number);
      response.writeHead(200, { etag: '"v1"', 'content-length': content.length });
      response.write(content.subarray(0, 500_000));
    });
    const timeouts = { idleTimeoutMs: 200 };

    const file = await openRemote(`${url}/pk.csv`);
    expect((await bytesOf(file, timeouts)).equals(content)).toBe(true);
  });

  it('throws the reason of an aborted signal', async () => {
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
  it('is spooled to disk, checked there, and leaves nothing behind', async () => {
    const folder = await temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { source, requests } = await fileAt({ chunked: true });
    const file = await openRemote(source);

    expect(readdirSync(folder)).toEqual([]);
    expect(file.sizeBytes).toBe(content.length);
    expect((await bytesOf(file)).equals(content)).toBe(true);
    expect((await bytesOf(file)).equals(content), 'a second time').toBe(true);
    expect(requests).toHaveLength(1);
  });

  it('is checked without being read', async () => {
    const { source } = await fileAt({ chunked: true });

    expect(await checkSource({ source, fileName: 'pk.csv' }, accessTo())).toBeUndefined();
  });

  it('is rejected if it is longer than the limit', async () => {
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

  it('throws a retryable error if the connection drops', async () => {
    const { source } = await fileAt({ chunked: true, cuts: [100_000] });

    await expect(openRemote(source)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
  });

  it('is rejected if it is empty', async () => {
    const { url } = await sourceServer(serve(Buffer.alloc(0), { chunked: true }));

    await expect(openRemote(`${url}/pk.csv`)).rejects.toMatchObject({ code: 'FILE_EMPTY' });
  });

  it('throws SOURCE_SPOOL_FAILED if the disk cannot be written', async () => {
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

describe('an unsuccessful response', () => {
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
  ])('with status %d causes %s with the text "%s"', async (status, code, text) => {
    const { url } = await sourceServer((_request, response) => response.writeHead(status).end());

    const refused = openRemote(`${url}/pk.csv?${QUERY}`);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
    await expect(refused).rejects.not.toThrow('topsecret');
  });

  it('causes an error with the delay of Retry-After', async () => {
    const { url } = await sourceServer((_request, response) =>
      response.writeHead(503, { 'retry-after': '7' }).end(),
    );

    await expect(openRemote(`${url}/pk.csv`)).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });

  it('that never comes causes an error after the idle timeout', async () => {
    const { url } = await sourceServer(() => {});

    await expect(openRemote(`${url}/pk.csv`, {}, { idleTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('0.05 s'),
    });
  });
});
