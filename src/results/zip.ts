import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Entry, fromFdPromise, type ZipFile } from 'yauzl';
import { UploadError } from '../contract/errors.js';
import { PacedReads, type ReadTimeouts } from '../files/read-timeouts.js';
import { quote } from '../util/quote.js';
import { shortenText } from '../util/shorten-text.js';
import { systemErrorCode } from '../util/system-error.js';
import { damaged } from './package-responses.js';
import { unwritable } from './write-errors.js';
import { findUnsafe, nameOf } from './zip-names.js';

/** A file in a package. */
export interface PackageFile {
  /** Path in the package, with slashes. It leads nowhere else. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly entry: Entry;
}

/** Limits against packages that were made to do harm. */
const LIMITS = {
  entries: 100_000,
  /** Bytes that any package may unpack to: 256 MiB. */
  unpackedBytes: 256 * 1024 ** 2,
  /** Bytes that a package may unpack to for each byte of its own. */
  ratio: 100,
} as const;

/** A zip file with results whose directory has been checked. Its data is checked while it is read. */
export class PackageZip {
  readonly files: readonly PackageFile[];
  readonly #zip: ZipFile;
  readonly #executionId: string;

  private constructor(zip: ZipFile, files: readonly PackageFile[], executionId: string) {
    this.#zip = zip;
    this.files = files;
    this.#executionId = executionId;
  }

  /**
   * Reads the directory of a zip file, and checks everything that it says.
   *
   * @param handle the open zip file. The caller closes it, after this
   * @param unpacks whether the package will be unpacked, so that names that differ only in case clash
   * @throws {@link UploadError} `RESULTS_DAMAGED`, `RESULTS_UNSAFE`
   * @throws the signal's reason if aborted
   */
  static async open(
    handle: FileHandle,
    executionId: string,
    unpacks: boolean,
    { signal }: ReadTimeouts,
  ): Promise<PackageZip> {
    try {
      // It is never closed: that would close the file of the caller.
      const zip = await fromFdPromise(handle.fd, { autoClose: false, decodeStrings: false });
      if (zip.entryCount > LIMITS.entries) throw unsafe(executionId, `has ${zip.entryCount} entries`);
      const entries: Entry[] = [];
      for await (const entry of zip.eachEntry()) {
        signal?.throwIfAborted();
        entries.push(entry);
      }
      const { size } = await handle.stat();
      const problem = findUnsafe(entries, unpacks) ?? findOversize(entries, size);
      if (problem !== undefined) throw unsafe(executionId, problem);
      const files = entries
        .map((entry) => ({ name: nameOf(entry), sizeBytes: entry.uncompressedSize, entry }))
        .filter(({ name }) => !name.endsWith('/'));
      return new PackageZip(zip, files, executionId);
    } catch (error) {
      signal?.throwIfAborted();
      throw asDamaged(error, executionId);
    }
  }

  /**
   * Yields the bytes of a file, and checks its size and CRC-32.
   *
   * @throws {@link UploadError} `RESULTS_DAMAGED`, `RESULTS_UNSAFE` if it is longer than the directory says,
   * `RESULTS_UNWRITABLE` if the disk does not respond
   * @throws the signal's reason if aborted
   */
  async *read({ name, entry }: PackageFile, timeouts: ReadTimeouts): AsyncGenerator<Buffer, void> {
    const stalled = () =>
      unwritable(`Cannot read the package of execution ${this.#executionId}: the disk does not respond`);
    let checksum = 0;
    try {
      const stream = await this.#zip.openReadStreamPromise(entry);
      const reads = new PacedReads(timeouts, stalled);
      const iterator = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await reads.next(iterator.next(), (next) => next.value?.length ?? 0);
          if (done) break;
          checksum = crc32(value, checksum);
          yield value;
        }
      } finally {
        stream.destroy();
      }
    } catch (error) {
      timeouts.signal?.throwIfAborted();
      if (error instanceof Error && /^too many bytes/.test(error.message))
        throw unsafe(
          this.#executionId,
          `has a file that is longer than announced: ${quote(shortenText(name))}`,
        );
      throw asDamaged(error, this.#executionId);
    }
    if (checksum !== entry.crc32)
      throw damaged(this.#executionId, `has a damaged file: ${quote(shortenText(name))} has another CRC-32`);
  }
}

function findOversize(entries: readonly Entry[], packageBytes: number): string | undefined {
  const unpackedBytes = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (unpackedBytes <= Math.max(LIMITS.unpackedBytes, LIMITS.ratio * packageBytes)) return undefined;
  return `has ${packageBytes.toLocaleString('en')} bytes and would unpack to ${unpackedBytes.toLocaleString('en')}`;
}

const unsafe = (executionId: string, what: string) =>
  new UploadError('RESULTS_UNSAFE', `The package with the results of execution ${executionId} ${what}`);

/** Errors of the zip library have no type: whatever is not an error of the system is one of the package. */
function asDamaged(error: unknown, executionId: string): unknown {
  if (error instanceof UploadError) return error;
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined)
    return unwritable(
      `Cannot read the package of execution ${executionId} (${systemErrorCode(error)})`,
      error,
    );
  return damaged(executionId, `is not an intact zip file (${shortenText(String(message))})`);
}
