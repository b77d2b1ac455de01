import { describe, expect, it } from 'vitest';
import { RemoteFile, type RemoteObject } from '../../src/files/remote-file.js';

const MIB = 1024 * 1024;

/** A file whose connections break after some bytes each. */
function breakingAfter(sizes: readonly number[], sizeBytes: number): RemoteObject {
  let connection = 0;
  return {
    path: 'https://files.example.com/pk.csv',
    sizeBytes,
    canResume: true,
    close: () => {},
    read: async (position) => {
      const bytes = sizes[connection++ % sizes.length] ?? 0;
      return (async function* () {
        if (bytes > 0) yield Buffer.alloc(Math.min(bytes, sizeBytes - position));
        if (position + bytes < sizeBytes) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      })();
    },
  };
}

async function bytesOf(file: RemoteFile): Promise<number> {
  let bytes = 0;
  for await (const chunk of file.chunks()) bytes += chunk.length;
  return bytes;
}

describe('RemoteFile', () => {
  it('says that connections keep ending, and how far they get, if none brings 1 MiB', async () => {
    const file = new RemoteFile(breakingAfter([65_536, 1_000], 10 * MIB), [0, 0]);
    await expect(bytesOf(file)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      retryable: true,
      message:
        'The connection to the source "https://files.example.com/pk.csv" dropped after 132072 of 10485760 bytes (ECONNRESET). It was connection 3 in a row that ended before 1 MiB had arrived; the longest brought 65,536 bytes. Check what ends the connections: a limit of the server, or of a proxy or firewall between it and the worker.',
    });
  });

  it('reads a file whose connections all break, as long as each brings 1 MiB', async () => {
    const file = new RemoteFile(breakingAfter([MIB], 10 * MIB), [0, 0]);
    expect(await bytesOf(file)).toBe(10 * MIB);
  });
});
