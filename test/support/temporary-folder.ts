import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';

/** A folder that is removed when the running test has ended. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'upload-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Bytes of which no two stretches are alike. */
export function distinctBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let offset = 0; offset + 4 <= size; offset += 4) bytes.writeUInt32BE(offset, offset);
  return bytes;
}

/** Writes a file into a temporary folder, for its owner alone. */
export async function temporaryFile(
  content: Buffer | string,
  name = 'pk.csv',
): Promise<{ path: string; url: string }> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content, { mode: 0o600 });
  return { path, url: pathToFileURL(path).href };
}
