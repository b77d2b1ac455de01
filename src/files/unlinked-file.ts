import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Opens a new temporary file that is already unlinked: no other process can change it, and it disappears however this process
 * ends.
 *
 * @param asError creates the error to throw from that of the system, given the path of the file
 */
export async function openUnlinkedFile(
  asError: (cause: unknown, path: string) => unknown,
): Promise<FileHandle> {
  const path = join(tmpdir(), `aplos-upload-${randomUUID()}`);
  try {
    const handle = await open(path, 'wx+', 0o600);
    await unlink(path).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
    return handle;
  } catch (error) {
    throw asError(error, path);
  }
}
