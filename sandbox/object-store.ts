import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

// The SDK runs on every Node that this repository supports; it need not say each time when that will end.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Where an S3 is, and the key to it. */
export interface ObjectStoreAccess {
  /** The URL of S3; buckets are path segments below it. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A bucket, and access to it. */
export interface S3Bucket extends ObjectStoreAccess {
  readonly bucket: string;
}

/** Returns a client for a local S3 server: path-style URLs, one attempt. */
export const objectStoreClient = (access: ObjectStoreAccess): S3Client =>
  new S3Client({
    endpoint: access.endpoint,
    region: access.region,
    credentials: { accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });

/** The objects of one bucket. */
export class ObjectStore {
  readonly #client: S3Client;
  readonly #front: S3Client;

  /**
   * @param access to S3 itself
   * @param bucket the bucket
   * @param frontUrl the address that users of presigned URLs see
   */
  constructor(
    access: ObjectStoreAccess,
    readonly bucket: string,
    readonly frontUrl: string,
  ) {
    this.#client = objectStoreClient(access);
    this.#front = objectStoreClient({ ...access, endpoint: frontUrl });
  }

  /** A client that signs for the address which users see. */
  get signer(): S3Client {
    return this.#front;
  }

  /** The size of an object in bytes; undefined if there is none. */
  async size(key: string): Promise<number | undefined> {
    try {
      const { ContentLength } = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.bucket, Key: key }),
      );
      return ContentLength ?? 0;
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  /**
   * The bytes of an object as a stream.
   *
   * @param first only as many bytes from its start
   */
  async stream(key: string, first?: number): Promise<Readable> {
    const range = first === undefined ? {} : { Range: `bytes=0-${first - 1}` };
    const { Body } = await this.#client.send(
      new GetObjectCommand({ Bucket: this.bucket, Key: key, ...range }),
    );
    return Body as Readable;
  }

  /**
   * The bytes of an object.
   *
   * @param first only as many bytes from its start
   */
  async bytes(key: string, first?: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.stream(key, first)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Stores an object. */
  async put(key: string, bytes: Uint8Array, contentType: string): Promise<void> {
    await this.#client.send(
      new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: bytes, ContentType: contentType }),
    );
  }

  /** A URL that anybody may download an object from for some seconds. */
  download(key: string, expiresIn: number): Promise<string> {
    return getSignedUrl(this.#front, new GetObjectCommand({ Bucket: this.bucket, Key: key }), { expiresIn });
  }

  /** Closes connections. */
  close(): void {
    this.#client.destroy();
    this.#front.destroy();
  }
}
