import { createHash } from 'node:crypto';

/** Sums over the bytes of a file, in lower-case hex. */
export interface Checksums {
  readonly md5: string;
  readonly sha256: string;
}

/** MD5 and SHA-256 of bytes as they pass by. */
export class RunningChecksums {
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');

  /** Takes the next bytes. */
  update(bytes: Uint8Array): void {
    this.#md5.update(bytes);
    this.#sha256.update(bytes);
  }

  /** The sums of all bytes so far. Ends the summing: to be called once. */
  finish(): Checksums {
    return { md5: this.#md5.digest('hex'), sha256: this.#sha256.digest('hex') };
  }
}
