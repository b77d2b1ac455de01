import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isStale } from '../files/new-file.js';
import { shortHashOf } from '../util/sha256.js';

/**
 * Temporary names in the directory of a package: hidden, and found again by the next attempt. Each attempt has a name of its
 * own, because an earlier one may still be running on a worker that Temporal has lost.
 */
export class TemporaryNames {
  readonly #directory: string;
  readonly #package: string;
  readonly #owner: string;

  /**
   * @param directory directory of the package
   * @param location identifies the package
   * @param owner identifies the workflow that fetches it
   */
  constructor(directory: string, location: string, owner: string) {
    this.#directory = directory;
    this.#package = `.aplos-upload-${shortHashOf(location)}-`;
    this.#owner = `${this.#package}${shortHashOf(owner)}-`;
  }

  /** Returns a new name. */
  create(): string {
    return join(this.#directory, `${this.#owner}${randomUUID().slice(0, 8)}.tmp`);
  }

  /** Removes what earlier attempts of the same workflow have left, and what others have not touched for an hour. */
  async removeLeftovers(): Promise<void> {
    const names = await readdir(this.#directory);
    for (const name of names) {
      if (!name.startsWith(this.#package) || !name.endsWith('.tmp')) continue;
      const path = join(this.#directory, name);
      if (name.startsWith(this.#owner) || (await isStale(path))) await remove(path);
    }
  }
}

/** Removes a temporary file or directory. Whatever remains is removed by a later attempt. */
export const remove = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true }).catch(() => {});
