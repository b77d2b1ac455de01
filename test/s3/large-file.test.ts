import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { getDefaultHighWaterMark } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HashThread } from '../../src/files/hasher/thread.js';
import { multipart } from '../../src/s3/multipart.js';
import { LEAST_AWAITED_BYTES, postObject } from '../../src/s3/post-object.js';
import { createSelfSigned } from '../support/certificates.js';
import { FIELDS, openFile, postOptions, presignedPost } from '../support/posting.js';
import { httpServer, listening, socketServer } from '../support/s3-servers.js';
import { distinctBytes } from '../support/temporary-folder.js';

const MIB = 1024 * 1024;
const sum = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');

describe('a large file', () => {
  it('arrives unchanged at a server that pauses', async () => {
    const { listener, received } = pausingServer();
    const content = distinctBytes(24 * MIB + 5);

    const evidence = await postObject(
      presignedPost(await httpServer(listener)),
      await openFile(content),
      postOptions(),
    );

    expect(evidence).toMatchObject({ md5: sum('md5', content), sha256: sum('sha256', content) });
    expect(received()).toEqual([sum('md5', content)]);
  });

  it('arrives unchanged over TLS', async () => {
    const { listener, received } = pausingServer();
    const { key, cert } = createSelfSigned();
    const server = createServer({ key, cert }, listener);
    const dispatcher = new Agent({ connect: { ca: cert } });
    onTestFinished(() => dispatcher.destroy());
    const content = distinctBytes(24 * MIB + 5);

    await postObject(
      presignedPost(`https://${await listening(server)}/`),
      await openFile(content),
      postOptions({ dispatcher }),
    );

    expect(received()).toEqual([sum('md5', content)]);
  });

  it('arrives unchanged next to others that are cancelled', async () => {
    const { listener, received } = pausingServer();
    const url = await httpServer(listener);
    const contents = [9, 10, 11, 12].map((size) => distinctBytes(size * MIB).fill(size, 0, MIB));

    await Promise.all(
      contents.flatMap((content) => [
        postFrom(url, content),
        postFrom(url, content, MIB),
        postFrom(url, content),
      ]),
    );

    const sums = contents.map((content) => sum('md5', content));
    expect(received().toSorted()).toEqual([...sums, ...sums].toSorted());
  });

  it('is not sent completely if a thread ends that calculates its checksums', async () => {
    let received = 0;
    const url = await socketServer((socket) => {
      socket.on('data', ({ length }) => {
        received += length;
      });
    });
    const opening = vi.spyOn(HashThread.prototype, 'open');
    onTestFinished(() => opening.mockRestore());
    const content = distinctBytes(32 * MIB);
    const file = await openFile(content);
    const endThreads = (bytes: number) => {
      if (bytes < 8 * MIB) return;
      for (const thread of opening.mock.contexts as HashThread[]) thread.end();
    };

    await expect(
      postObject(presignedPost(url), file, postOptions({ onProgress: endThreads })),
    ).rejects.toMatchObject({ code: 'INTERNAL' });

    expect(received).toBeLessThan(content.length);
  });
});

describe('LEAST_AWAITED_BYTES', () => {
  it('is a size for which a socket of Node.js asks to wait', () => {
    expect(LEAST_AWAITED_BYTES).toBeGreaterThanOrEqual(getDefaultHighWaterMark(false));
  });
});

/** Uploads a file, and cancels the upload after some bytes. */
async function postFrom(url: string, content: Buffer, cancelAt = Number.POSITIVE_INFINITY): Promise<void> {
  const controller = new AbortController();
  const onProgress = (bytes: number) => {
    if (bytes >= cancelAt) controller.abort(new Error('cancelled'));
  };
  const uploading = postObject(
    presignedPost(url),
    await openFile(content),
    postOptions({ signal: controller.signal, onProgress }),
  );
  if (cancelAt < content.length) await expect(uploading).rejects.toThrow('cancelled');
  else await uploading;
}

/** A server that pauses now and then, and remembers the MD5 of each file that arrived completely. */
function pausingServer(): { listener: RequestListener; received: () => string[] } {
  const received: string[] = [];
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let next = MIB;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes < next) continue;
        next += 3 * MIB;
        await sleep(2);
      }
    } catch {
      return; // cancelled
    }
    const { head, tail } = multipart(FIELDS, 'pk.csv', bytes);
    received.push(sum('md5', Buffer.concat(chunks).subarray(head.length, -tail.length)));
    response.writeHead(204).end();
  };
  return { listener, received: () => received };
}
