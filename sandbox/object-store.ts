import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

// Silences the SDK's notice about the end of support for older versions of Node.js.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Address and credentials of an S3 server. */
export interface ObjectStoreAccess {
  /** URL of the server, without a trailing slash. Buckets are path segments below it. */
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
  readonly #proxy: S3Client;

  /**
   * @param access access to the S3 server
   * @param bucket name of the bucket
   * @param proxyUrl address in presigned URLs
   */
  constructor(
    access: ObjectStoreAccess,
    readonly bucket: string,
    readonly proxyUrl: string,
  ) {
    this.#client = objectStoreClient(access);
    this.#proxy = objectStoreClient({ ...access, endpoint: proxyUrl });
  }

  /** Client that signs URLs of the proxy. */
  get signer(): S3Client {
    return this.#proxy;
  }

  /** Returns the size of an object in bytes; `undefined` if there is none. */
  async size(key: string): Promise<number | undefined> {
    return (await this.head(key))?.size;
  }

  /** Returns the size of an object in bytes, and its ETag without quotes; `undefined` if there is none. */
  async head(key: string): Promise<{ readonly size: number; readonly etag: string } | undefined> {
    try {
      const { ContentLength, ETag } = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.bucket, Key: key }),
      );
      return { size: ContentLength ?? 0, etag: (ETag ?? '').replaceAll('"', '') };
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  /**
   * Returns an object as a stream.
   *
   * @param first maximum number of bytes, from the start. Default: all
   */
  async stream(key: string, first?: number): Promise<Readable> {
    const range = first === undefined ? {} : { Range: `bytes=0-${first - 1}` };
    const { Body } = await this.#client.send(
      new GetObjectCommand({ Bucket: this.bucket, Key: key, ...range }),
    );
    return Body as Readable;
  }

  /**
   * Returns the bytes of an object.
   *
   * @param first maximum number of bytes, from the start. Default: all
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

  /** Returns a presigned URL to download an object, valid for some seconds. */
  download(key: string, expiresIn: number): Promise<string> {
    return getSignedUrl(this.#proxy, new GetObjectCommand({ Bucket: this.bucket, Key: key }), { expiresIn });
  }

  /** Closes all connections. */
  close(): void {
    this.#client.destroy();
    this.#proxy.destroy();
  }
}
