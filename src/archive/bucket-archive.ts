import { createHash } from 'node:crypto';
import type { StorageLocation } from '../contract/results.js';
import { s3Reason, statusOf } from '../files/s3-errors.js';
import type { S3Access } from '../files/s3-source.js';
import { isSameRecord } from '../records/same-record.js';
import { count } from '../util/units.js';
import { type Archive, MAX_RECORD_BYTES, type StoredRecord } from './archive.js';
import { conflict, unreadable, unwritable } from './errors.js';

/** Time limit of one call, in milliseconds. */
const CALL_TIMEOUT_MS = 30_000;
/** Statuses with which S3 reports that an object is there, or is being written. */
const EXISTS: readonly (number | undefined)[] = [409, 412];

type BucketLocation = Extract<StorageLocation, { readonly bucket: string }>;

/** Records in a bucket. If it has S3 Object Lock with a default retention, each record is locked as soon as it is stored. */
export class BucketArchive implements Archive {
  readonly location: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #access: S3Access;

  constructor(location: BucketLocation, access: S3Access) {
    const { text, bucket, prefix } = location;
    this.location = text;
    this.#bucket = bucket;
    this.#prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
    this.#access = access;
  }

  async add(name: string, content: Buffer, signal?: AbortSignal): Promise<StoredRecord> {
    const { client, sdk } = this.#access;
    const url = this.#urlOf(name);
    try {
      await client.send(
        new sdk.PutObjectCommand({
          ...this.#object(name),
          Body: content,
          ContentLength: content.length,
          ContentType: 'application/json',
          // Required with Object Lock, and S3 refuses bytes that were damaged on their way.
          ChecksumSHA256: createHash('sha256').update(content).digest('base64'),
          IfNoneMatch: '*',
        }),
        within(signal),
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (!EXISTS.includes(statusOf(error))) throw unwritable(url, s3Reason(error), error);
      const found = await this.#find(name, signal).catch((cause: unknown) => {
        throw unwritable(url, s3Reason(cause), cause);
      });
      if (!found) throw unwritable(url, s3Reason(error), error);
      if (!isSameRecord(found, content)) throw conflict(url);
    }
    return { location: url, ...(await this.#protection(name, signal)) };
  }

  async check(): Promise<string> {
    const { client, sdk } = this.#access;
    try {
      const { ObjectLockConfiguration: lock } = await client.send(
        new sdk.GetObjectLockConfigurationCommand({ Bucket: this.#bucket }),
        within(),
      );
      const { Mode, Days, Years } = lock?.Rule?.DefaultRetention ?? {};
      if (Mode === undefined) return 'a bucket without default retention, so records can be deleted';
      const period = Years === undefined ? count(Days ?? 0, 'day') : count(Years, 'year');
      return `a bucket with Object Lock, ${Mode.toLowerCase()}, for ${period}`;
    } catch (error) {
      if (error instanceof sdk.NoSuchBucket || statusOf(error) === undefined)
        throw unwritable(this.location, s3Reason(error), error);
      return statusOf(error) === 404
        ? 'a bucket without Object Lock, so records can be deleted'
        : `a bucket whose Object Lock cannot be read (${s3Reason(error)})`;
    }
  }

  async names(): Promise<string[]> {
    const { client, sdk } = this.#access;
    const names: string[] = [];
    try {
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(
          new sdk.ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#prefix,
            Delimiter: '/',
            ContinuationToken,
          }),
          within(),
        );
        names.push(...(page.Contents ?? []).flatMap(({ Key }) => Key?.slice(this.#prefix.length) || []));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return names.sort();
    } catch (error) {
      throw unreadable(this.location, s3Reason(error), error);
    }
  }

  async read(name: string): Promise<Buffer | undefined> {
    try {
      return await this.#find(name);
    } catch (error) {
      throw unreadable(this.#urlOf(name), s3Reason(error), error);
    }
  }

  async #find(name: string, signal?: AbortSignal): Promise<Buffer | undefined> {
    const { client, sdk } = this.#access;
    try {
      const { Body, ContentLength = 0 } = await client.send(
        new sdk.GetObjectCommand(this.#object(name)),
        within(signal),
      );
      if (ContentLength > MAX_RECORD_BYTES) throw new Error('it is too large to be a record');
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** Returns how S3 protects a record. A worker that may only write records learns nothing, and has written them all the same. */
  async #protection(name: string, signal?: AbortSignal): Promise<Omit<StoredRecord, 'location'>> {
    const { client, sdk } = this.#access;
    try {
      const { VersionId, ObjectLockRetainUntilDate: until } = await client.send(
        new sdk.HeadObjectCommand(this.#object(name)),
        within(signal),
      );
      return {
        ...(VersionId === undefined ? {} : { versionId: VersionId }),
        ...(until === undefined ? {} : { retainUntil: until.toISOString() }),
      };
    } catch {
      signal?.throwIfAborted();
      return {};
    }
  }

  #object(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + name };
  }

  #urlOf(name: string): string {
    return `s3://${this.#bucket}/${this.#prefix}${name}`;
  }
}

const within = (signal?: AbortSignal): { readonly abortSignal: AbortSignal } => {
  const limit = AbortSignal.timeout(CALL_TIMEOUT_MS);
  return { abortSignal: signal ? AbortSignal.any([signal, limit]) : limit };
};
