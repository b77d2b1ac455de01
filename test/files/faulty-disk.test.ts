import type { Buffer } from 'node:buffer';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DiskFile, type ReadableHandle } from '../../src/files/open-file.js';
import { hashFile } from '../../src/files/source.js';
import { distinctBytes, temporaryFile } from '../support/temporary-folder.js';

const content = distinctBytes(1_000_000);
const never = () => new Promise<never>(() => {});

/** Opens a file on a disk and overrides methods of its handle. */
async function faultyFile(fault: (real: ReadableHandle) => Partial<ReadableHandle>): Promise<DiskFile> {
  const { path } = await temporaryFile(content);
  const real = await open(path);
  onTestFinished(() => real.close());
  const handle: ReadableHandle = {
    read: real.read.bind(real),
    stat: (options) => real.stat(options),
    close: () => real.close(),
    ...fault(real),
  };
  return new DiskFile(path, handle, await stat(path, { bigint: true }));
}

describe('DiskFile', () => {
  it('reads the whole file if each read returns few bytes', async () => {
    const file = await faultyFile((real) => ({
      read: ((buffer: Buffer, offset: number, length: number, position: number) =>
        real.read(buffer, offset, Math.min(length, 70_001), position)) as ReadableHandle['read'],
    }));

    expect(await hashFile(file)).toMatchObject({ sizeBytes: content.length });
  });

  it('throws FILE_READ_FAILED if a read fails', async () => {
    const cause = Object.assign(new Error('i/o error'), { code: 'EIO' });
    const file = await faultyFile(() => ({ read: () => Promise.reject(cause) }));

    await expect(hashFile(file)).rejects.toMatchObject({
      code: 'FILE_READ_FAILED',
      message: expect.stringContaining('EIO'),
      cause,
    });
  });

  it('throws FILE_READ_STALLED after the idle timeout and can still be closed', async () => {
    const file = await faultyFile(() => ({ read: never, close: never }));

    await expect(hashFile(file, { idleTimeoutMs: 20 })).rejects.toMatchObject({
      code: 'FILE_READ_STALLED',
      message: expect.stringContaining('0.02 s'),
    });
    await file.close();
  });

  it('throws FILE_READ_STALLED if each read returns a byte just before the idle timeout', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    let reads = 0;
    const file = await faultyFile((real) => ({
      read: (async (buffer: Buffer, offset: number, _length: number, position: number) => {
        reads++;
        await Promise.resolve(); // the timeout has begun
        vi.advanceTimersByTime(60);
        return real.read(buffer, offset, 1, position);
      }) as FileHandle['read'],
    }));

    await expect(hashFile(file, { idleTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'FILE_READ_STALLED',
      message: expect.stringMatching(/^Only 3 bytes could be read from the file .* for 0\.2 s/),
    });
    expect(reads).toBe(4);
  });

  it('throws FILE_READ_STALLED if stat hangs', async () => {
    const file = await faultyFile(() => ({ stat: never }));

    await expect(hashFile(file, { idleTimeoutMs: 200 })).rejects.toMatchObject({ code: 'FILE_READ_STALLED' });
  });

  it('throws the reason of an aborted signal at once', async () => {
    const file = await faultyFile(() => ({ read: never }));
    const controller = new AbortController();
    const reason = new Error('enough');

    const hashing = hashFile(file, { signal: controller.signal });
    controller.abort(reason);

    await expect(hashing).rejects.toBe(reason);
  });

  it('ignores an error on close', async () => {
    const file = await faultyFile(() => ({ close: () => Promise.reject(new Error('EIO')) }));

    await expect(file.close()).resolves.toBeUndefined();
  });
});
