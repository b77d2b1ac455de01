import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, truncateSync, utimesSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { Agent } from 'undici';
import { describe, expect, it, vi } from 'vitest';
import { UploadError } from '../../src/contract/errors.js';
import type { OpenFile } from '../../src/files/source.js';
import { HostList } from '../../src/http/host-list.js';
import { postObject } from '../../src/s3/post-object.js';
import { FIELDS, openFile, postOptions, presignedPost } from '../support/posting.js';
import { bodyOf, errorXml, httpServer, rawAnswer, socketServer, urlOfNobody } from '../support/s3-servers.js';
import { stopClock } from '../support/stopped-clock.js';
import { distinctBytes } from '../support/temporary-folder.js';

const MIB = 1024 * 1024;
const sum = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');

describe('postObject', () => {
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
  ])('returns the evidence of a response with status %d', async (status, headers, expected) => {
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

  it('leaves its connection reusable', async () => {
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

  it('reads the file no faster than the server accepts it', async () => {
    const file = countingReads(await openFile(distinctBytes(64 * MIB)));
    let received = 0;
    let lead = 0;
    const url = await httpServer(async (request, response) => {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        received += chunk.length;
        lead = Math.max(lead, file.bytesRead - received);
        if (received % 7 === 0) await sleep(1); // a server of little zeal
      }
      response.writeHead(204).end();
    });

    await postObject(presignedPost(url), file, postOptions());

    expect(lead).toBeLessThan(16 * MIB);
  });

  it('does not follow a redirect', async () => {
    const onRequest = vi.fn();
    const elsewhere = await httpServer(onRequest);
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(307, { location: `${elsewhere}?signature=abc` }).end();
    });

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_REDIRECTED',
      message: expect.stringContaining(`to ${new URL(elsewhere).host}.`),
    });
    expect(onRequest).not.toHaveBeenCalled();
  });

  it.each(['ftp://127.0.0.1/', 'not a URL'])('rejects the URL %s', async (url) => {
    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_HOST_REFUSED',
    });
  });
});

describe('an expired presigned POST', () => {
  it.each([
    ['has', -1],
    ['will have within 30 s', 25_000],
  ])('is not used if it %s', async (_, ms) => {
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

describe('a response of S3', () => {
  it('is read if it comes early and the connection is closed', async () => {
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

  it('is read if it comes during the upload and the connection is reset', async () => {
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

  it('ends the upload if it comes early and the connection stays open', async () => {
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

  it('is an error if it comes before the whole file was sent', async () => {
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

  it('is classified by its status if the body is truncated', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(403, { 'content-length': 1000 });
      response.write('<Error><Code>Acc', () => response.destroy());
    });

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_ACCESS_DENIED',
    });
  });

  it('is classified by its status if the body stalls', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(503, { 'content-length': 1000, 'retry-after': '3' }).write('<Error><Code>Slo');
    });

    await expect(
      postObject(presignedPost(url), await openFile('abc'), postOptions({ idleTimeoutMs: 1_000 })),
    ).rejects.toMatchObject({ code: 'S3_UNAVAILABLE', retryAfterMs: 3000 });
  });

  it('is only read up to a limit', async () => {
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

describe('a connection error', () => {
  it('during the upload is reported with the host and the progress', async () => {
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

  it('after the last byte is reported', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.destroy();
    });

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
      message: expect.stringContaining('3 of 3 bytes'),
    });
  });

  it('is reported if the connection is refused', async () => {
    const url = await urlOfNobody();

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
      message: expect.stringMatching(`${new URL(url).host} .*ECONNREFUSED.* 0 of 3 bytes`),
    });
  });

  it('is reported if the host cannot be resolved', async () => {
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

  it('is reported if the server does not speak TLS', async () => {
    const url = await httpServer((_, response) => response.end());

    await expect(
      postObject(presignedPost(url.replace('http:', 'https:')), await openFile('abc'), postOptions()),
    ).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
      message: expect.stringContaining('ERR_SSL'),
    });
  });
});

describe('a stalled upload', () => {
  it('fails if the server stops reading', async () => {
    const url = await socketServer(() => {}, { pauseOnConnect: true });
    const file = countingReads(await openFile(distinctBytes(64 * MIB)));

    await expect(
      postObject(presignedPost(url), file, postOptions({ idleTimeoutMs: 1_500 })),
    ).rejects.toMatchObject({
      code: 'S3_STALLED',
      message: expect.stringMatching(/1\.5 s, after \d+ of \d+ bytes/),
    });
    expect(file.bytesRead).toBeLessThan(16 * MIB);
  });

  it('fails if the server reads everything and never responds', async () => {
    const url = await httpServer((request) => void request.resume());

    await expect(
      postObject(presignedPost(url), await openFile('abc'), postOptions({ idleTimeoutMs: 1_000 })),
    ).rejects.toMatchObject({ code: 'S3_STALLED', message: expect.stringContaining('did not respond') });
  });

  it('is classified by its status if the server sends its response a byte at a time', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(503);
      while (!response.destroyed) {
        response.write(' ');
        await sleep(40);
      }
    });

    await expect(
      postObject(presignedPost(url), await openFile('abc'), postOptions({ idleTimeoutMs: 1_000 })),
    ).rejects.toMatchObject({ code: 'S3_UNAVAILABLE' });
  });

  it('does not count the time that the source takes', async () => {
    const url = await httpServer(async (request, response) => {
      await bodyOf(request);
      response.writeHead(204).end();
    });
    const file = await openFile(distinctBytes(2 * MIB));
    const advance = stopClock();
    const slow: OpenFile = {
      ...asObject(file),
      async *chunks(timeouts) {
        for await (const chunk of file.chunks(timeouts)) {
          advance(100_000);
          yield chunk;
        }
      },
    };

    await expect(
      postObject(presignedPost(url), slow, postOptions({ idleTimeoutMs: 60_000 })),
    ).resolves.toMatchObject({ status: 204 });
  });

  it('fails if there is no connection', async () => {
    const dispatcher = new Agent({ connect: () => {} });

    await expect(
      postObject(
        presignedPost('https://bucket.invalid/'),
        await openFile('abc'),
        postOptions({ dispatcher, idleTimeoutMs: 50, hosts: new HostList(['bucket.invalid']) }),
      ),
    ).rejects.toMatchObject({ code: 'S3_STALLED' });
  });

  it.each([0, 3])('fails with the error of the file if reading stalls after %d chunks', async (chunks) => {
    const url = await httpServer((request) => void request.resume());
    const file = await openFile(distinctBytes(2 * MIB));
    const hanging: OpenFile = {
      ...asObject(file),
      async *chunks(timeouts) {
        let given = 0;
        for await (const chunk of file.chunks(timeouts)) {
          if (given++ === chunks) throw await stallOf(file, timeouts?.idleTimeoutMs ?? 0);
          yield chunk;
        }
      },
    };

    await expect(
      postObject(presignedPost(url), hanging, postOptions({ idleTimeoutMs: 500 })),
    ).rejects.toMatchObject({ code: 'FILE_READ_STALLED' });
  });

  it('continues, however slow, while data is sent', async () => {
    const advance = stopClock();
    const url = await httpServer(async (request, response) => {
      let next = MIB;
      let received = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        received += chunk.length;
        if (received < next) continue;
        next += MIB;
        advance(200);
      }
      response.writeHead(204).end();
    });

    const { seconds } = await postObject(
      presignedPost(url),
      await openFile(distinctBytes(64 * MIB)),
      postOptions({ idleTimeoutMs: 10_000 }),
    );

    expect(seconds).toBeGreaterThan(10); // longer than the limit
  });
});

describe('cancelling', () => {
  it('drops the connection and rejects with the reason', async () => {
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

  it('does not wait for a response', async () => {
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

  it('before the upload sends nothing', async () => {
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
  ])('is never sent completely if it %s', async (_, change) => {
    const file = await openFile(distinctBytes(8 * MIB));
    const { url, ended } = await countingServer();
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

  it('is never sent completely if its SHA-256 differs from the expected one', async () => {
    const content = distinctBytes(MIB);
    const file = await openFile(content);
    const { url, ended } = await countingServer();
    const expectSha256 = '0'.repeat(64);

    await expect(postObject(presignedPost(url), file, postOptions({ expectSha256 }))).rejects.toMatchObject({
      code: 'FILE_NOT_AS_EXPECTED',
      message: expect.stringMatching(`${sum('sha256', content)}.*${expectSha256}`),
    });
    const { received, announced } = await ended;
    expect(received).toBeLessThan(announced);
  });

  it('is sent if it has the expected SHA-256', async () => {
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

interface ByteCounts {
  readonly received: number;
  readonly announced: number;
}

/** Starts a server that counts the received and the announced bytes of a request. */
async function countingServer() {
  let end: (byteCounts: ByteCounts) => void;
  const ended = new Promise<ByteCounts>((resolve) => {
    end = resolve;
  });
  const url = await httpServer((request, response) => {
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('end', () => response.writeHead(204).end());
    request.on('close', () => end({ received, announced: Number(request.headers['content-length']) }));
  });
  return { url, ended };
}

/** Wraps a file to count the bytes that were read. */
function countingReads(file: OpenFile): OpenFile & { readonly bytesRead: number } {
  const counting = {
    ...asObject(file),
    bytesRead: 0,
    async *chunks(timeouts: Parameters<OpenFile['chunks']>[0]) {
      for await (const chunk of file.chunks(timeouts)) {
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
  chunks: (timeouts) => file.chunks(timeouts),
  close: () => file.close(),
});

async function stallOf({ path }: OpenFile, ms: number): Promise<UploadError> {
  await sleep(2 * ms);
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
