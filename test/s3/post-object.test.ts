import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, truncateSync, utimesSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { Agent } from 'undici';
import { describe, expect, it, vi } from 'vitest';
import { UploadError } from '../../src/contract/errors.js';
import type { OpenFile } from '../../src/files/source.js';
import { HostList } from '../../src/http/host-list.js';
import { postObject } from '../../src/s3/post-object.js';
import { FIELDS, openFile, postOptions, presignedPost } from '../support/posting.js';
import { bodyOf, errorXml, httpServer, rawAnswer, socketServer, urlOfNobody } from '../support/s3-servers.js';
import { distinctBytes } from '../support/temporary-folder.js';

const MIB = 1024 * 1024;
const sum = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');

describe('an upload', () => {
  it('sends the fields in their order, then the file, and announces its exact length', async () => {
    const content = distinctBytes(3 * MIB + 7);
    const parts: [name: string, value: string][] = [];
    const file = await openFile(content);
    const url = await httpServer(async (request, response) => {
      const { headers } = request;
      expect(headers['transfer-encoding']).toBeUndefined();
      const body = await bodyOf(request);
      expect(Number(headers['content-length'])).toBe(body.length);
      const form = new Busboy({ headers: headers as BusboyHeaders });
      form.on('field', (name, value) => parts.push([name, value]));
      form.on('file', async (name, stream, fileName, _, type) => {
        const bytes: Buffer[] = [];
        for await (const chunk of stream as AsyncIterable<Buffer>) bytes.push(chunk);
        parts.push([name, `${fileName} ${type} ${sum('md5', Buffer.concat(bytes))}`]);
        response.writeHead(204, { etag: '"abc"', 'x-amz-request-id': 'R1' }).end();
      });
      form.end(body);
    });
    const progress: number[] = [];

    const evidence = await postObject(
      presignedPost(url, { ...FIELDS, acl: '' }),
      file,
      postOptions({ fileName: 'größe.csv', onProgress: (bytes) => progress.push(bytes) }),
    );

    const md5 = sum('md5', content);
    expect(parts).toEqual([...Object.entries(FIELDS), ['acl', ''], ['file', `größe.csv text/csv ${md5}`]]);
    expect(evidence).toEqual({
      status: 204,
      etag: 'abc',
      md5,
      sha256: sum('sha256', content),
      sizeBytes: content.length,
      seconds: expect.any(Number),
      requestId: 'R1',
    });
    expect(progress.at(-1)).toBe(content.length);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  });

  it.each([
    [200, { 'x-amz-server-side-encryption': 'aws:kms' }, { serverSideEncryption: 'aws:kms' }],
    [201, { etag: 'W/"x"' }, { etag: 'W/"x"' }],
    [204, {}, {}],
  ])('gives an answer of %d as it was', async (status, headers, expected) => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(status, headers).end(status === 204 ? undefined : '<PostResponse/>');
    });

    const { md5, sha256, seconds, ...evidence } = await postObject(
      presignedPost(url),
      await openFile('abc'),
      postOptions(),
    );

    expect(evidence).toEqual({ status, sizeBytes: 3, ...expected });
  });

  it('leaves its connection fit for the next', async () => {
    const ports = new Set<number | undefined>();
    const url = await httpServer(async (request, response) => {
      ports.add(request.socket.remotePort);
      await bodyOf(request);
      response.writeHead(204).end();
    });
    const options = postOptions();

    for (const content of ['a', 'b', 'c'])
      await postObject(presignedPost(url), await openFile(content), options);

    expect(ports.size).toBe(1);
  });

  it('reads the file no faster than it is taken', async () => {
    const file = countingReads(await openFile(distinctBytes(64 * MIB)));
    let received = 0;
    let lead = 0;
    const url = await httpServer(async (request, response) => {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        received += chunk.length;
        lead = Math.max(lead, file.bytesRead - received);
        if (received % 7 === 0) await after(1); // a server of little zeal
      }
      response.writeHead(204).end();
    });

    await postObject(presignedPost(url), file, postOptions());

    expect(lead).toBeLessThan(16 * MIB);
  });

  it('does not follow a redirect', async () => {
    const asked = vi.fn();
    const elsewhere = await httpServer(asked);
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(307, { location: `${elsewhere}?signature=abc` }).end();
    });

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_REDIRECTED',
      message: expect.stringContaining(`to ${new URL(elsewhere).host}.`),
    });
    expect(asked).not.toHaveBeenCalled();
  });

  it.each(['ftp://127.0.0.1/', 'not a URL'])('goes over http or https only, not to %s', async (url) => {
    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_REFUSED',
    });
  });
});

describe('a presigned POST that has expired', () => {
  it.each([
    ['has', -1],
    ['will have within 30 s', 25_000],
  ])('is not used when it %s', async (_, ms) => {
    const connected = vi.fn();
    const post = {
      ...presignedPost(await socketServer(connected)),
      expiresAt: new Date(Date.now() + ms).toISOString(),
    };

    await expect(postObject(post, await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_EXPIRED',
      message: expect.stringContaining(post.expiresAt),
    });
    expect(connected).not.toHaveBeenCalled();
  });
});

describe("S3's answer", () => {
  it('is read though it comes early and the connection is closed', async () => {
    const url = await socketServer((socket) =>
      socket.once('data', () => {
        socket.pause();
        socket.end(rawAnswer('403 Forbidden', errorXml('AccessDenied', 'Access Denied')), () =>
          socket.destroy(),
        );
      }),
    );

    await expect(
      postObject(presignedPost(url), await openFile(distinctBytes(16 * MIB)), postOptions()),
    ).rejects.toMatchObject({
      code: 'S3_ACCESS_DENIED',
      message: expect.stringContaining('403 AccessDenied: Access Denied'),
    });
  });

  it('is read though it comes in the middle and the connection is reset', async () => {
    const url = await socketServer((socket) => {
      let received = 0;
      socket.on('data', (chunk) => {
        received += chunk.length;
        if (received < 8 * MIB || socket.isPaused()) return;
        socket.pause();
        socket.write(rawAnswer('400 Bad Request', errorXml('EntityTooLarge', 'Too large')), () =>
          socket.resetAndDestroy(),
        );
      });
    });

    await expect(
      postObject(presignedPost(url), await openFile(distinctBytes(32 * MIB)), postOptions()),
    ).rejects.toMatchObject({ code: 'S3_TOO_LARGE' });
  });

  it('ends the upload when it comes early and the connection stays open', async () => {
    const file = countingReads(await openFile(distinctBytes(64 * MIB)));
    const url = await socketServer((socket) =>
      socket.once('data', () => {
        socket.pause();
        socket.write(rawAnswer('403 Forbidden'));
      }),
    );

    await expect(postObject(presignedPost(url), file, postOptions())).rejects.toMatchObject({
      code: 'S3_ACCESS_DENIED',
    });
    expect(file.bytesRead).toBeLessThan(16 * MIB);
  });

  it('is no success when it comes before the whole file was there', async () => {
    const url = await socketServer((socket) =>
      socket.once('data', () => {
        socket.pause();
        socket.write(rawAnswer('200 OK'));
      }),
    );

    await expect(
      postObject(presignedPost(url), await openFile(distinctBytes(64 * MIB)), postOptions()),
    ).rejects.toMatchObject({ code: 'S3_UNAVAILABLE', details: { status: 200 } });
  });

  it('is known by its status when its words break off', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(403, { 'content-length': 1000 });
      response.write('<Error><Code>Acc', () => response.destroy());
    });

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_ACCESS_DENIED',
    });
  });

  it('is known by its status when its words stop coming', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(503, { 'content-length': 1000, 'retry-after': '3' }).write('<Error><Code>Slo');
    });

    await expect(
      postObject(presignedPost(url), await openFile('abc'), postOptions({ idleTimeoutMs: 200 })),
    ).rejects.toMatchObject({ code: 'S3_UNAVAILABLE', retryAfterMs: 3000 });
  });

  it('is not read for ever', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(500);
      response.write(errorXml('InternalError', 'Please try again.'));
      const more = () => {
        while (response.write('x'.repeat(10_000)));
      };
      response.on('drain', more);
      more();
    });

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_UNAVAILABLE',
    });
  });
});

describe('a connection', () => {
  it('that is cut in the middle is told with its host and how far it got', async () => {
    const url = await socketServer((socket) => {
      let received = 0;
      socket.on('data', (chunk) => {
        received += chunk.length;
        if (received > 8 * MIB) socket.resetAndDestroy();
      });
    });

    const failure = await failureOf(
      postObject(presignedPost(url), await openFile(distinctBytes(64 * MIB)), postOptions()),
    );

    expect(failure.code).toBe('S3_UNREACHABLE');
    expect(failure.cause).toBeUndefined();
    expect(failure.happened).toMatch(
      new RegExp(
        `"pk.csv" to ${new URL(url).host} was interrupted \\(\\w+\\) after \\d+ of ${64 * MIB} bytes$`,
      ),
    );
    expect(failure.details?.bytesSent).toSatisfy((sent: number) => sent > 0 && sent < 64 * MIB);
  });

  it('that is closed after the last byte is told', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.destroy();
    });

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
      message: expect.stringContaining('3 of 3 bytes'),
    });
  });

  it('that is refused is told', async () => {
    const url = await urlOfNobody();

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
      message: expect.stringMatching(`${new URL(url).host} .*ECONNREFUSED.* 0 of 3 bytes`),
    });
  });

  it('to a host without an address is told', async () => {
    await expect(
      postObject(
        presignedPost('https://bucket.invalid/'),
        await openFile('abc'),
        postOptions({ hosts: new HostList(['bucket.invalid']) }),
      ),
    ).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
      message: expect.stringMatching(/bucket\.invalid .*(ENOTFOUND|EAI_AGAIN)/),
    });
  });

  it('that is no TLS is told', async () => {
    const url = await httpServer((_, response) => response.end());

    await expect(
      postObject(presignedPost(url.replace('http:', 'https:')), await openFile('abc'), postOptions()),
    ).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
      message: expect.stringContaining('ERR_SSL'),
    });
  });
});

describe('an upload that stands still', () => {
  it('is given up when the server stops taking bytes', async () => {
    const url = await socketServer(() => {}, { pauseOnConnect: true });
    const file = countingReads(await openFile(distinctBytes(64 * MIB)));

    await expect(
      postObject(presignedPost(url), file, postOptions({ idleTimeoutMs: 300 })),
    ).rejects.toMatchObject({
      code: 'S3_STALLED',
      message: expect.stringMatching(/0\.3 s, after \d+ of \d+ bytes/),
    });
    expect(file.bytesRead).toBeLessThan(16 * MIB);
  });

  it('is given up when the server took everything and never answers', async () => {
    const url = await httpServer((request) => void request.resume());

    await expect(
      postObject(presignedPost(url), await openFile('abc'), postOptions({ idleTimeoutMs: 200 })),
    ).rejects.toMatchObject({ code: 'S3_STALLED', message: expect.stringContaining('did not respond') });
  });

  it('is given up when there is no connection', async () => {
    const dispatcher = new Agent({ connect: () => {} });

    await expect(
      postObject(
        presignedPost('https://bucket.invalid/'),
        await openFile('abc'),
        postOptions({ dispatcher, idleTimeoutMs: 50, hosts: new HostList(['bucket.invalid']) }),
      ),
    ).rejects.toMatchObject({ code: 'S3_STALLED' });
  });

  it.each([0, 3])('is blamed on the file where that gives no more after %d chunks', async (chunks) => {
    const url = await httpServer((request) => void request.resume());
    const file = await openFile(distinctBytes(2 * MIB));
    const hanging: OpenFile = {
      ...asObject(file),
      async *chunks(patience) {
        let given = 0;
        for await (const chunk of file.chunks(patience)) {
          if (given++ === chunks) throw await stallOf(file, patience?.idleTimeoutMs ?? 0);
          yield chunk;
        }
      },
    };

    await expect(
      postObject(presignedPost(url), hanging, postOptions({ idleTimeoutMs: 100 })),
    ).rejects.toMatchObject({ code: 'FILE_READ_STALLED' });
  });

  it('goes on, however slow, as long as bytes move', async () => {
    const url = await httpServer(async (request, response) => {
      let next = MIB;
      let received = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        received += chunk.length;
        if (received < next) continue;
        next += MIB;
        await after(30);
      }
      response.writeHead(204).end();
    });

    const { seconds } = await postObject(
      presignedPost(url),
      await openFile(distinctBytes(64 * MIB)),
      postOptions({ idleTimeoutMs: 1000 }),
    );

    expect(seconds).toBeGreaterThan(1); // longer than the limit
  });
});

describe('cancelling', () => {
  it('cuts the connection and rejects with the reason', async () => {
    let closed: Promise<unknown> | undefined;
    const url = await socketServer((socket) => {
      closed = once(socket, 'close');
      socket.resume();
    });
    const controller = new AbortController();
    const reason = new Error('cancelled by a person');

    const uploading = postObject(
      presignedPost(url),
      await openFile(distinctBytes(64 * MIB)),
      postOptions({ signal: controller.signal, onProgress: () => controller.abort(reason) }),
    );

    await expect(uploading).rejects.toBe(reason);
    await closed;
  });

  it('does not wait for a server that is silent', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled by a person');
    const url = await httpServer(async (request) => {
      await bodyOf(request);
      controller.abort(reason);
    });

    await expect(
      postObject(presignedPost(url), await openFile('abc'), postOptions({ signal: controller.signal })),
    ).rejects.toBe(reason);
  });

  it('does not wait for a connection', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled by a person');
    const dispatcher = new Agent({ connect: () => controller.abort(reason) });

    await expect(
      postObject(
        presignedPost('https://bucket.invalid/'),
        await openFile('abc'),
        postOptions({ dispatcher, signal: controller.signal, hosts: new HostList(['bucket.invalid']) }),
      ),
    ).rejects.toBe(reason);
  });

  it('beforehand sends nothing', async () => {
    const connected = vi.fn();
    const reason = new Error('cancelled by a person');

    await expect(
      postObject(
        presignedPost(await socketServer(connected)),
        await openFile('abc'),
        postOptions({ signal: AbortSignal.abort(reason) }),
      ),
    ).rejects.toBe(reason);
    expect(connected).not.toHaveBeenCalled();
  });
});

describe('a file that changes while it is sent', () => {
  it.each<[string, (path: string) => void]>([
    ['grows', (path) => appendFileSync(path, 'more')],
    ['shrinks', (path) => truncateSync(path, MIB)],
    ['is touched', (path) => utimesSync(path, 1, 1)],
  ])('is never there as a whole when it %s', async (_, change) => {
    const file = await openFile(distinctBytes(8 * MIB));
    const { url, ended } = await serverThatMeasures();
    let isChanged = false;

    const uploading = postObject(
      presignedPost(url),
      file,
      postOptions({
        onProgress() {
          if (!isChanged) change(file.path);
          isChanged = true;
        },
      }),
    );

    await expect(uploading).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    const { received, announced } = await ended;
    expect(received).toBeLessThan(announced);
  });

  it('is never there as a whole when it has another SHA-256 than expected', async () => {
    const content = distinctBytes(MIB);
    const file = await openFile(content);
    const { url, ended } = await serverThatMeasures();
    const expectSha256 = '0'.repeat(64);

    await expect(postObject(presignedPost(url), file, postOptions({ expectSha256 }))).rejects.toMatchObject({
      code: 'FILE_NOT_AS_EXPECTED',
      message: expect.stringMatching(`${sum('sha256', content)}.*${expectSha256}`),
    });
    const { received, announced } = await ended;
    expect(received).toBeLessThan(announced);
  });

  it('is sent when it has the SHA-256 expected', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(204).end();
    });

    await expect(
      postObject(
        presignedPost(url),
        await openFile('abc'),
        postOptions({ expectSha256: sum('sha256', Buffer.from('abc')) }),
      ),
    ).resolves.toMatchObject({ status: 204 });
  });
});

interface Measure {
  readonly received: number;
  readonly announced: number;
}

/** A server, and how many bytes of a request it got of those it was promised. */
async function serverThatMeasures() {
  let tell: (measure: Measure) => void;
  const ended = new Promise<Measure>((resolve) => {
    tell = resolve;
  });
  const url = await httpServer((request, response) => {
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('end', () => response.writeHead(204).end());
    request.on('close', () => tell({ received, announced: Number(request.headers['content-length']) }));
  });
  return { url, ended };
}

/** The same file, and how many bytes of it were read so far. */
function countingReads(file: OpenFile): OpenFile & { readonly bytesRead: number } {
  const counting = {
    ...asObject(file),
    bytesRead: 0,
    async *chunks(patience: Parameters<OpenFile['chunks']>[0]) {
      for await (const chunk of file.chunks(patience)) {
        counting.bytesRead += chunk.length;
        yield chunk;
      }
    },
  };
  return counting;
}

const asObject = (file: OpenFile): OpenFile => ({
  path: file.path,
  sizeBytes: file.sizeBytes,
  isOnDisk: file.isOnDisk,
  chunks: (patience) => file.chunks(patience),
  close: () => file.close(),
});

async function stallOf({ path }: OpenFile, ms: number): Promise<UploadError> {
  await after(2 * ms);
  return new UploadError('FILE_READ_STALLED', path);
}

async function failureOf(work: Promise<unknown>): Promise<UploadError> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof UploadError) return error;
  throw new Error('should have failed with an UploadError');
}
