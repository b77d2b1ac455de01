import { randomBytes, randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { Account } from './cognito.js';
import type { ObjectStore } from './object-store.js';
import type { SandboxSettings } from './options.js';
import { problemsOfTable } from './table.js';

/** One POST that came to the S3 front for a file. */
export interface RecordedUpload {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The form fields before the file, in the order they came. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The request's Content-Length: form and file together. */
  readonly contentLength: number;
  /** What was answered; 0 while it runs, or where the connection was cut. */
  readonly status: number;
  /** The code of S3's error, where there was one. */
  readonly code?: string;
}

/** A file that was asked for. */
export interface SandboxFile {
  readonly fileId: string;
  readonly fileName: string;
  readonly bucket: string;
  readonly key: string;
  readonly tenantId: string;
  readonly userId: string;
  /** ISO 8601, UTC. */
  readonly presignedAt: string;
  /** Every field that was handed out, in order. */
  readonly fields: Readonly<Record<string, string>>;
  /** When the security token in the form expires: milliseconds since 1970. */
  readonly tokenExpiresAt: number;
  /** When S3 stored it last: milliseconds since 1970. */
  readonly storedAt?: number;
  readonly uploads: readonly RecordedUpload[];
}

/** The same file for those who write it down. */
export type FileRecord = Omit<SandboxFile, 'uploads' | 'storedAt'> & {
  storedAt?: number;
  readonly uploads: { -readonly [Field in keyof RecordedUpload]: RecordedUpload[Field] }[];
};

/** What the service makes of a file. */
export interface FileState {
  readonly workable_state: 'converting' | 'ready' | 'invalid';
  readonly errors: readonly string[];
}

// The service's own client library writes them in lower case and leaves out the bucket, which the URL names.
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

function asServiceSends(signed: Readonly<Record<string, string>>): Record<string, string> {
  const values = new Map(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(FIELDS.map((name) => [name, values.get(name) ?? '']));
}

const HEAD_BYTES = 256 * 1024;

/** The files of the service, and their presigned forms. */
export class Files {
  readonly all: FileRecord[] = [];
  readonly #store: ObjectStore;
  readonly #settings: SandboxSettings;
  readonly #secrets: Set<string>;

  /**
   * @param store where the bytes are
   * @param settings of the sandbox
   * @param secrets gets every signed field that is handed out
   */
  constructor(store: ObjectStore, settings: SandboxSettings, secrets: Set<string>) {
    this.#store = store;
    this.#settings = settings;
    this.#secrets = secrets;
  }

  /** The file of a user by its id, or by its key. */
  find(account: Account, idOrKey: string): FileRecord | undefined {
    return this.all.find(
      ({ fileId, key, userId }) => userId === account.userId && (fileId === idOrKey || key === idOrKey),
    );
  }

  /** The file that a form writes to, whoever owns it. */
  byKey(key: string | undefined): FileRecord | undefined {
    return this.all.find((file) => file.key === key);
  }

  /**
   * Makes a file and a presigned form for it.
   *
   * @param expired what in the form has expired from the start
   * @returns presign's answer
   */
  async presign(account: Account, fileName: string, expired?: 'policy' | 'token'): Promise<object> {
    const { presignSeconds, presignShape, minFileBytes, maxFileBytes } = this.#settings;
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
    const fields = asServiceSends(signed);
    for (const name of SECRET_FIELDS) this.#secrets.add(fields[name] ?? '');
    const now = Date.now();
    this.all.push({
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
    });
    return {
      message: 'File upload request created',
      ...(presignShape === 'file' && { file: { id: fileId } }),
      s3: { bucket_name: this.#store.bucket, object_key: key },
      presigned: {
        method_type: 'post',
        url,
        fields,
        expires_in: presignSeconds,
        expires_at_utc: new Date(now + presignSeconds * 1000).toISOString(),
      },
      file_name: fileName,
    };
  }

  /** Whether S3 has the file. */
  async isStored({ key }: FileRecord): Promise<boolean> {
    return (await this.#store.size(key)) !== undefined;
  }

  /** What the service makes of a file now. */
  async state({ key, fileName, storedAt }: FileRecord): Promise<FileState> {
    const size = await this.#store.size(key);
    if (size === undefined) return { workable_state: 'converting', errors: [] };
    if (Date.now() < (storedAt ?? 0) + this.#settings.conversionMs)
      return { workable_state: 'converting', errors: [] };
    const head = await this.#store.bytes(key, HEAD_BYTES);
    const errors = problemsOfTable(fileName, head, size <= HEAD_BYTES);
    return { workable_state: errors.length > 0 ? 'invalid' : 'ready', errors };
  }
}
