import { createHash } from 'node:crypto';

/** Checksums of a file in lower-case hex. */
export interface Checksums {
  readonly md5: string;
  readonly sha256: string;
}

/** Calculates MD5 and SHA-256 of a stream. */
export class ChecksumHasher {
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');

  /** Adds the next bytes. */
  update(bytes: Uint8Array): void {
    this.#md5.update(bytes);
    this.#sha256.update(bytes);
  }

  /** Returns the checksums of all bytes. Can be called once. */
  digest(): Checksums {
    return { md5: this.#md5.digest('hex'), sha256: this.#sha256.digest('hex') };
  }
}
