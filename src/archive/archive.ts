/** A record as it is stored. */
export interface StoredRecord {
  /** Path, or `s3:` URL. */
  readonly location: string;
  /** Version of the object, if the bucket is versioned. */
  readonly versionId?: string;
  /** Time until which S3 Object Lock protects the object: ISO 8601, UTC. Absent without Object Lock. */
  readonly retainUntil?: string;
}

/** A place that keeps records: a folder, or a prefix of the keys in a bucket. Nothing in it is ever replaced. */
export interface Archive {
  /** Location as somebody wrote it in the settings. */
  readonly location: string;
  /**
   * Adds a record. If it is there already, nothing is written.
   *
   * @throws UploadError `RECORD_UNWRITABLE`, or `RECORD_CONFLICT` if the name has something else
   * @throws the signal's reason if aborted
   */
  add(name: string, content: Buffer, signal?: AbortSignal): Promise<StoredRecord>;
  /**
   * Checks that records can be written, as far as that is possible without writing any.
   *
   * @returns what protects the records, as a clause
   * @throws UploadError `RECORD_UNWRITABLE`
   */
  check(): Promise<string>;
  /**
   * Returns the names of everything in it.
   *
   * @throws UploadError `RECORDS_UNREADABLE`
   */
  names(): Promise<string[]>;
  /**
   * Returns the content of a record; `undefined` if there is none of that name.
   *
   * @throws UploadError `RECORDS_UNREADABLE`
   */
  read(name: string): Promise<Buffer | undefined>;
}

/** Larger files are no records. A report of 50,000 uploads has 200 MB. */
export const MAX_RECORD_BYTES = 512 * 1024 * 1024;
