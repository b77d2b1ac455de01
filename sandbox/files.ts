import { randomBytes, randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { Account } from './cognito.js';
import type { ObjectStore } from './object-store.js';
import type { SandboxSettings } from './options.js';
import { problemsOfTable } from './table.js';

/** A POST that the S3 proxy received for a file. */
export interface RecordedUpload {
  /** Time of arrival. ISO 8601, UTC. */
  readonly at: string;
  /** Form fields before the file, in the order received. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Content-Length of the request: form and file. */
  readonly contentLength: number;
  /** Status of the response; 0 if there is none yet, or the connection was closed. */
  readonly status: number;
  /** Code of S3's error, if any. */
  readonly code?: string;
}

/** A file record. */
export interface SandboxFile {
  readonly fileId: string;
  readonly fileName: string;
  readonly bucket: string;
  readonly key: string;
  readonly tenantId: string;
  readonly userId: string;
  /** Time of the presign. ISO 8601, UTC. */
  readonly presignedAt: string;
  /** Fields of the presigned POST, in order. */
  readonly fields: Readonly<Record<string, string>>;
  /** Expiry of the security token in the presigned POST, in milliseconds since 1970. */
  readonly tokenExpiresAt: number;
  /** Time of the last successful upload, in milliseconds since 1970. */
  readonly storedAt?: number;
  readonly uploads: readonly RecordedUpload[];
}

/** A file record that the sandbox updates. */
export type FileRecord = Omit<SandboxFile, 'uploads' | 'storedAt'> & {
  storedAt?: number;
  readonly uploads: { -readonly [Field in keyof RecordedUpload]: RecordedUpload[Field] }[];
};

/** State of a file. */
export interface FileState {
  readonly state: 'not-stored' | 'converting' | 'ready' | 'invalid';
  readonly errors: readonly string[];
}

/** A presigned POST for a file. */
export interface PresignedFile {
  readonly file: FileRecord;
  readonly url: string;
  /** Lifetime in seconds. */
  readonly expiresIn: number;
  /** Time of expiry. ISO 8601, UTC. */
  readonly expiresAt: string;
}

// Aplos sends them in lower case and without the bucket, which is in the URL.
const FIELDS = [
  'key',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-security-token',
  'policy',
  'x-amz-signature',
];
const SECRET_FIELDS = ['x-amz-credential', 'x-amz-security-token', 'policy', 'x-amz-signature'];

function asAplosSends(signed: Readonly<Record<string, string>>): Record<string, string> {
  const values = new Map(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(FIELDS.map((name) => [name, values.get(name) ?? '']));
}

const HEAD_BYTES = 256 * 1024;

/** All file records, and their presigned POSTs. */
export class Files {
  readonly all: FileRecord[] = [];
  readonly #byId = new Map<string, FileRecord>();
  readonly #byKey = new Map<string, FileRecord>();
  readonly #store: ObjectStore;
  readonly #settings: SandboxSettings;
  readonly #secrets: Set<string>;

  /**
   * @param store stores the bytes
   * @param settings settings of the sandbox
   * @param secrets every issued signed field is added to it
   */
  constructor(store: ObjectStore, settings: SandboxSettings, secrets: Set<string>) {
    this.#store = store;
    this.#settings = settings;
    this.#secrets = secrets;
  }

  /** Returns the file of a user by its ID or its key. */
  find(account: Account, idOrKey: string): FileRecord | undefined {
    const file = this.byId(idOrKey) ?? this.byKey(idOrKey);
    return file?.userId === account.userId ? file : undefined;
  }

  /** Returns the file with this ID, of any user. */
  byId(fileId: string): FileRecord | undefined {
    return this.#byId.get(fileId);
  }

  /** Returns the file with this key, of any user. */
  byKey(key: string): FileRecord | undefined {
    return this.#byKey.get(key);
  }

  /**
   * Creates a file record and a presigned POST for it.
   *
   * @param expired part of the presigned POST that has already expired
   */
  async presign(account: Account, fileName: string, expired?: 'policy' | 'token'): Promise<PresignedFile> {
    const { presignSeconds, minFileBytes, maxFileBytes } = this.#settings;
    const fileId = randomUUID();
    const key = `${account.tenantId}/${account.userId}/files/${fileId}/input${extname(fileName).toLowerCase()}`;
    const expiresIn = expired === 'policy' ? -60 : presignSeconds;
    const { url, fields: signed } = await createPresignedPost(this.#store.signer, {
      Bucket: this.#store.bucket,
      Key: key,
      Fields: { 'x-amz-security-token': `sandbox-${randomBytes(90).toString('base64')}` },
      Conditions: [['content-length-range', minFileBytes, maxFileBytes]],
      Expires: expiresIn,
    });
    const fields = asAplosSends(signed);
    for (const name of SECRET_FIELDS) this.#secrets.add(fields[name] ?? '');
    const now = Date.now();
    const file: FileRecord = {
      fileId,
      fileName,
      bucket: this.#store.bucket,
      key,
      tenantId: account.tenantId,
      userId: account.userId,
      presignedAt: new Date(now).toISOString(),
      fields,
      tokenExpiresAt: expired === 'token' ? now : now + presignSeconds * 1000,
      uploads: [],
    };
    this.all.push(file);
    this.#byId.set(fileId, file);
    this.#byKey.set(key, file);
    const expiresAt = new Date(now + presignSeconds * 1000).toISOString();
    return { file, url, expiresIn: presignSeconds, expiresAt };
  }

  /** Returns the size and the ETag of a stored file. */
  stored({ key }: FileRecord): Promise<{ readonly size: number; readonly etag: string } | undefined> {
    return this.#store.head(key);
  }

  /** Reports whether S3 stores the file. */
  async isStored({ key }: FileRecord): Promise<boolean> {
    return (await this.#store.size(key)) !== undefined;
  }

  /** Returns the current state of a file. */
  async state({ key, fileName, storedAt }: FileRecord): Promise<FileState> {
    const size = await this.#store.size(key);
    if (size === undefined) return { state: 'not-stored', errors: [] };
    if (Date.now() < (storedAt ?? 0) + this.#settings.conversionMs)
      return { state: 'converting', errors: [] };
    const head = await this.#store.bytes(key, HEAD_BYTES);
    const errors = problemsOfTable(fileName, head, size <= HEAD_BYTES);
    return { state: errors.length > 0 ? 'invalid' : 'ready', errors };
  }
}
