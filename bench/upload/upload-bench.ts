import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { objectStoreClient } from '../../sandbox/object-store.js';
import { type Seaweed, startSeaweed } from '../../sandbox/servers/seaweed.js';
import type { PresignedPost } from '../../src/contract/steps.js';
import { hashFile, openSource } from '../../src/files/source.js';
import { messageFrom } from '../suite/message-from.js';
import type { UploadJob } from './activity.js';
import { type Subject, startSubject } from './subject.js';

const MIB = 1024 * 1024;
/** Fields as long as those of a real presigned POST. */
const FIELDS = { key: 'uploads/bench.csv', policy: 'p'.repeat(800), 'x-amz-signature': '0'.repeat(64) };

/** Servers, files and the process under test for measurements of large uploads. */
export class UploadBench {
  readonly #folder: string;
  readonly #sink: ChildProcess;
  readonly #port: number;
  readonly #seaweed: Seaweed;
  readonly #expected = new Map<string, { sizeBytes: number; sha256: string }>();
  /** Runs the activity of this checkout. */
  readonly subject: Subject;

  private constructor(folder: string, sink: ChildProcess, port: number, seaweed: Seaweed, subject: Subject) {
    this.#folder = folder;
    this.#sink = sink;
    this.#port = port;
    this.#seaweed = seaweed;
    this.subject = subject;
  }

  /** Starts a server that discards, SeaweedFS, and a process that runs the activity `uploadFile`. */
  static async start(): Promise<UploadBench> {
    const folder = await mkdtemp(join(tmpdir(), 'bench-'));
    const sink = fork(fileURLToPath(new URL('./sink.ts', import.meta.url)));
    const port = await messageFrom<number>(sink);
    const root = fileURLToPath(new URL('../..', import.meta.url));
    return new UploadBench(folder, sink, port, await startSeaweed(), await startSubject(root));
  }

  /** Returns the job that posts a file to a server that discards it. */
  discarded(path: string): Promise<UploadJob> {
    return this.#job(path, { url: `http://127.0.0.1:${this.#port}/`, fields: FIELDS });
  }

  /** Returns the job that posts a file to SeaweedFS. */
  async toS3(path: string): Promise<UploadJob> {
    const client = objectStoreClient(this.#seaweed);
    const Key = `${randomUUID()}.csv`;
    return this.#job(path, await createPresignedPost(client, { Bucket: this.#seaweed.bucket, Key }));
  }

  /** Writes a file of random bytes, and returns its path. */
  async writeFile(mib: number): Promise<string> {
    const path = join(this.#folder, `${randomUUID()}.csv`);
    const handle = await open(path, 'w');
    for (let written = 0; written < mib; written++) await handle.write(randomBytes(MIB));
    await handle.close();
    return path;
  }

  /** Returns paths that all lead to the same file. */
  async copies(path: string, count: number): Promise<string[]> {
    const paths = Array.from({ length: count }, () => join(this.#folder, `${randomUUID()}.csv`));
    for (const copy of paths) await link(path, copy);
    return paths;
  }

  async stop(): Promise<void> {
    this.subject.stop();
    this.#sink.kill();
    await this.#seaweed.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #job(path: string, post: Pick<PresignedPost, 'url' | 'fields'>): Promise<UploadJob> {
    const source = pathToFileURL(path).href;
    const expect = this.#expected.get(path) ?? (await hashOf(source));
    this.#expected.set(path, expect);
    return {
      request: { source, fileName: 'bench.csv', profile: 'default', expect },
      presigned: { ...post, expiresAt: new Date(Date.now() + 3_600_000).toISOString() },
    };
  }
}

async function hashOf(source: string) {
  const file = await openSource(source, 'bench.csv');
  try {
    return await hashFile(file);
  } finally {
    await file.close();
  }
}
