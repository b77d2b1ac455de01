import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UploadError } from '../contract/errors.js';
import { isStale, linkOrRename, syncDirectory, systemReason } from '../files/new-file.js';
import { isSameRecord } from '../records/same-record.js';
import { systemErrorCode } from '../util/system-error.js';
import { type Archive, MAX_RECORD_BYTES, type StoredRecord } from './archive.js';
import { conflict, unreadable, unwritable } from './errors.js';

/** Folder for records that are not complete yet. It has few files, so looking for leftovers costs little. */
const INCOMPLETE = '.incomplete';
/** Records can be read by their owner and group, as far as the umask allows it, and written by nobody. */
const RECORD_MODE = 0o440;
const FOLDER_MODE = 0o700;

/** Records in a folder, which must exist: if it does not, a share may not be mounted. */
export class FolderArchive implements Archive {
  readonly location: string;

  /** @param folder absolute path */
  constructor(folder: string) {
    this.location = folder;
  }

  async add(name: string, content: Buffer): Promise<StoredRecord> {
    const path = join(this.location, name);
    try {
      const incomplete = join(this.location, INCOMPLETE);
      await mkdir(incomplete, { mode: FOLDER_MODE }).catch(ignoreExisting);
      await removeLeftovers(incomplete, name);
      const found = (await this.#found(name)) ?? (await this.#place(name, content));
      if (found && !isSameRecord(found, content)) throw conflict(path);
      return { location: path };
    } catch (error) {
      if (error instanceof UploadError) throw error;
      throw unwritable(path, systemReason(error), error);
    }
  }

  async check(): Promise<string> {
    const reason = await whyFolderIsUnwritable(this.location);
    if (reason !== undefined) throw unwritable(this.location, reason);
    return 'a folder that can be written';
  }

  async names(): Promise<string[]> {
    try {
      return (await readdir(this.location)).sort();
    } catch (error) {
      throw unreadable(this.location, systemReason(error), error);
    }
  }

  async read(name: string): Promise<Buffer | undefined> {
    const path = join(this.location, name);
    try {
      return await this.#found(name);
    } catch (error) {
      throw error instanceof UploadError ? error : unreadable(path, systemReason(error), error);
    }
  }

  /** Writes a complete file, then gives it its name. Returns what has the name if it is taken. */
  async #place(name: string, content: Buffer): Promise<Buffer | undefined> {
    const temporaryPath = join(this.location, INCOMPLETE, `${name}.${randomUUID().slice(0, 8)}.tmp`);
    try {
      const handle = await open(temporaryPath, 'wx', RECORD_MODE);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      const path = join(this.location, name);
      if (await linkOrRename(temporaryPath, path)) {
        await syncDirectory(this.location);
        return undefined;
      }
      const found = await this.#found(name);
      if (!found) throw unwritable(path, 'another one appeared and was removed');
      return found;
    } finally {
      await rm(temporaryPath, { force: true }).catch(() => {});
    }
  }

  async #found(name: string): Promise<Buffer | undefined> {
    const path = join(this.location, name);
    try {
      const { size } = await stat(path);
      if (size > MAX_RECORD_BYTES) throw unreadable(path, 'it is too large to be a record');
      return await readFile(path);
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** Tries to write to a folder as records are written. Returns why that fails; `undefined` if it does not. */
export async function whyFolderIsUnwritable(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return 'it is not a directory';
    await mkdir(join(path, INCOMPLETE), { mode: FOLDER_MODE }).catch(ignoreExisting);
    const name = `.check-${randomUUID()}.tmp`;
    await writeFile(join(path, INCOMPLETE, name), '');
    await rename(join(path, INCOMPLETE, name), join(path, name));
    await rm(join(path, name));
    return undefined;
  } catch (error) {
    return systemReason(error);
  }
}

/** Removes what earlier attempts to write a record have left, and what nobody has touched for an hour. */
async function removeLeftovers(incomplete: string, name: string): Promise<void> {
  for (const each of await readdir(incomplete)) {
    const path = join(incomplete, each);
    if (each.startsWith(`${name}.`) || (await isStale(path))) await rm(path, { force: true });
  }
}

function ignoreExisting(error: unknown): void {
  if (systemErrorCode(error) !== 'EEXIST') throw error;
}
