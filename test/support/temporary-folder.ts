import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';

/** Creates a directory that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'upload-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Creates bytes in which every aligned group of four is unique. */
export function distinctBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let offset = 0; offset + 4 <= size; offset += 4) bytes.writeUInt32BE(offset, offset);
  return bytes;
}

/** Writes a file that only its owner can read, in a temporary directory. */
export async function temporaryFile(
  content: Buffer | string,
  name = 'pk.csv',
): Promise<{ path: string; url: string }> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content, { mode: 0o600 });
  return { path, url: pathToFileURL(path).href };
}
