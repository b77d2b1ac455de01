import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../files/new-file.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import type { FileSink } from './inspect.js';
import { asUnwritable, exists } from './write-errors.js';
import type { PackageFile } from './zip.js';

/** A directory for the files of a package. It gets its name when all of them are there. */
export interface UnpackedDirectory {
  sinkFor(file: PackageFile): Promise<FileSink>;
  /** @throws UploadError `RESULTS_EXIST`, `RESULTS_UNWRITABLE` */
  place(): Promise<void>;
}

/**
 * Returns the directory to unpack to: a temporary one or, if it exists, one that only compares what is there.
 *
 * @throws UploadError `RESULTS_EXIST`, `RESULTS_UNWRITABLE`
 */
export async function unpackedDirectory(path: string, temporaryPath: string): Promise<UnpackedDirectory> {
  try {
    const existing = await lstat(path).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (existing === undefined) return await newDirectory(path, temporaryPath);
    if (!existing.isDirectory()) throw exists(path, 'is not a directory');
    if ((await readdir(path)).length > 0) return existingDirectory(path);
    return await newDirectory(path, temporaryPath);
  } catch (error) {
    throw asUnwritable(error, path);
  }
}

async function newDirectory(path: string, temporaryPath: string): Promise<UnpackedDirectory> {
  await mkdir(temporaryPath);
  const directories = new Set<string>([temporaryPath]);
  return {
    async sinkFor({ name }) {
      const target = join(temporaryPath, name);
      try {
        await createParents(target, temporaryPath, directories);
        return new NewFile(target, await open(target, 'wx'));
      } catch (error) {
        throw asUnwritable(error, target);
      }
    },
    async place() {
      for (const directory of directories) await syncDirectory(directory);
      try {
        await rename(temporaryPath, path);
      } catch (error) {
        const isTaken = ['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(systemErrorCode(error));
        throw isTaken ? exists(path, 'was created meanwhile') : asUnwritable(error, path);
      }
      await syncDirectory(dirname(path));
    },
  };
}

async function createParents(path: string, root: string, created: Set<string>): Promise<void> {
  const directory = dirname(path);
  if (created.has(directory)) return;
  if (directory !== root) await createParents(directory, root, created);
  await mkdir(directory);
  created.add(directory);
}

/** The files of a package that somebody has unpacked before. Other files next to them are left alone. */
const existingDirectory = (path: string): UnpackedDirectory => ({
  async sinkFor({ name, sizeBytes }) {
    const target = join(path, name);
    try {
      const handle = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
      const { size } = await handle.stat();
      if (size === sizeBytes) return new ExistingFile(path, target, handle);
      await handle.close();
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw asUnwritable(error, target);
    }
    throw exists(path, `lacks the file ${quote(name)} of the package, or has another one`);
  },
  place: async () => {},
});

class NewFile implements FileSink {
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#handle.writeFile(bytes).catch((error: unknown) => {
      throw asUnwritable(error, this.#path);
    });
  }

  async end(): Promise<void> {
    await this.#handle.sync().catch((error: unknown) => {
      throw asUnwritable(error, this.#path);
    });
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}

class ExistingFile implements FileSink {
  readonly #directory: string;
  readonly #path: string;
  readonly #handle: FileHandle;
  #position = 0;

  constructor(directory: string, path: string, handle: FileHandle) {
    this.#directory = directory;
    this.#path = path;
    this.#handle = handle;
  }

  async write(bytes: Buffer): Promise<void> {
    const found = Buffer.alloc(bytes.length);
    let length = 0;
    while (length < found.length) {
      const { bytesRead } = await this.#handle
        .read(found, length, found.length - length, this.#position + length)
        .catch((error: unknown) => {
          throw asUnwritable(error, this.#path);
        });
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    this.#position += length;
    if (length < found.length || !found.equals(bytes))
      throw exists(this.#directory, `has another file ${quote(this.#path)} than the package`);
  }

  async end(): Promise<void> {}

  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}
