/**
 * `npm run bench -- upload [--rounds 5 --scale 1 --before DIR]`: compares verified uploads of large files with programs that
 * verify less, alternating in one run, so that the ratios hold on any machine.
 *
 * Measures the activity `uploadFile`: it reads the file once, compares size and SHA-256 with the expected ones, and calculates
 * the MD5 for the comparison with S3's ETag.
 */
import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { link, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { objectStoreClient } from '../sandbox/object-store.js';
import { startSeaweed } from '../sandbox/servers/seaweed.js';
import type { PresignedPost } from '../src/contract/steps.js';
import { hashFile, openSource } from '../src/files/source.js';
import { inTurn, type Seconds } from './in-turn.js';
import type { UploadJob } from './upload/activity.js';
import { curl, md5sumAndCurl, peerVersions, pythonRequests } from './upload/peers.js';
import { startSubject } from './upload/subject.js';

const MIB = 1024 * 1024;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    before: { type: 'string' },
    json: { type: 'string' },
    'no-requests': { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const scale = Number(values.scale);

interface Row {
  readonly work: string;
  /** Way that the others are compared with. */
  readonly peer: string;
  readonly goal: string;
  readonly seconds: Readonly<Record<string, Seconds>>;
}

const expected = new Map<string, { sizeBytes: number; sha256: string }>();
const folder = await mkdtemp(join(tmpdir(), 'bench-'));
const sink = fork(fileURLToPath(new URL('./upload/sink.ts', import.meta.url)));
const [port] = (await once(sink, 'message')) as [number];
const seaweed = await startSeaweed();
const s3 = objectStoreClient(seaweed);
const subject = await startSubject(resolve('.'));
const before = values.before === undefined ? undefined : await startSubject(resolve(values.before));
try {
  const rows = [await oneDiscarded(), await oneToS3(), await manyToS3(), await manyDiscarded()];
  console.log(
    `${cpus()[0]?.model}, ${availableParallelism()} cores; Node.js ${process.version}; ${await peerVersions()}`,
  );
  for (const row of rows) print(row);
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(rows, null, 2));
} finally {
  subject.stop();
  before?.stop();
  sink.kill();
  await seaweed.stop();
  await rm(folder, { recursive: true, force: true });
}
process.exit();

async function oneDiscarded(): Promise<Row> {
  const job = await discarded(await writeRandom('1-gib.csv', 1024));
  return {
    work: '1 GiB, verified, into a server that discards',
    peer: 'md5sum && curl -F',
    goal: 'at most 0.85',
    seconds: await inTurn(
      {
        'md5sum && curl -F': () => md5sumAndCurl(job),
        'curl -F': () => curl(job),
        ...ours(async () => [job]),
      },
      rounds,
    ),
  };
}

async function oneToS3(): Promise<Row> {
  const path = await writeRandom('512-mib.csv', 512);
  const requests = values['no-requests'] ? undefined : await pythonRequests();
  return {
    work: '512 MiB, verified, into SeaweedFS',
    peer: 'curl -F',
    goal: 'at most 1.1, and 0.7 of requests',
    seconds: await inTurn(
      {
        'curl -F': async () => curl(await toS3(path)),
        ...(requests ? { requests: async () => requests(await toS3(path)) } : {}),
        ...ours(async () => [await toS3(path)]),
      },
      rounds,
    ),
  };
}

async function manyToS3(): Promise<Row> {
  const paths = await copies(await writeRandom('50-mib.csv', 50), 20);
  const jobs = () => Promise.all(paths.map(toS3));
  return {
    work: '20 × 50 MiB at a time, verified, into SeaweedFS',
    peer: '20 × curl -F',
    goal: 'at most 1.25',
    seconds: await inTurn(
      { '20 × curl -F': async () => Promise.all((await jobs()).map(curl)), ...ours(jobs) },
      rounds,
    ),
  };
}

async function manyDiscarded(): Promise<Row> {
  const paths = await copies(join(folder, '50-mib.csv'), 20);
  const jobs = await Promise.all(paths.map(discarded));
  return {
    work: '20 × 50 MiB at a time, verified, into a server that discards',
    peer: '20 × (md5sum && curl -F)',
    goal: 'none',
    seconds: await inTurn(
      {
        '20 × (md5sum && curl -F)': async () => Promise.all(jobs.map(md5sumAndCurl)),
        '20 × curl -F': async () => Promise.all(jobs.map(curl)),
        ...ours(async () => jobs),
      },
      rounds,
    ),
  };
}

/** The activity of this checkout, and that of the other one. */
function ours(jobs: () => Promise<readonly UploadJob[]>) {
  const other = before;
  return {
    uploadFile: async () => subject.upload(await jobs()),
    ...(other ? { 'uploadFile, before': async () => other.upload(await jobs()) } : {}),
  };
}

function print({ work, peer, goal, seconds }: Row): void {
  console.log(`\n${work} (goal: ${goal} × ${peer}; medians of ${rounds} rounds)`);
  const reference = seconds[peer]?.median ?? Number.NaN;
  console.table(
    Object.fromEntries(
      Object.entries(seconds).map(([way, { median, min, max }]) => [
        way,
        {
          seconds: median.toFixed(2),
          range: `${min.toFixed(2)} to ${max.toFixed(2)}`,
          ratio: (median / reference).toFixed(2),
        },
      ]),
    ),
  );
}

function discarded(path: string): Promise<UploadJob> {
  const fields = { key: 'uploads/bench.csv', policy: 'p'.repeat(800), 'x-amz-signature': '0'.repeat(64) };
  return jobFor(path, { url: `http://127.0.0.1:${port}/`, fields });
}

async function toS3(path: string): Promise<UploadJob> {
  return jobFor(path, await createPresignedPost(s3, { Bucket: seaweed.bucket, Key: `${randomUUID()}.csv` }));
}

async function jobFor(path: string, post: Pick<PresignedPost, 'url' | 'fields'>): Promise<UploadJob> {
  const source = pathToFileURL(path).href;
  const expect = expected.get(path) ?? (await hashOf(source));
  expected.set(path, expect);
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  return {
    request: { source, fileName: 'bench.csv', profile: 'default', expect },
    presigned: { ...post, expiresAt },
  };
}

async function hashOf(source: string) {
  const file = await openSource(source, 'bench.csv');
  try {
    return await hashFile(file);
  } finally {
    await file.close();
  }
}

async function writeRandom(name: string, mib: number): Promise<string> {
  const path = join(folder, name);
  const handle = await open(path, 'w');
  for (let written = 0; written < mib * scale; written++) await handle.write(randomBytes(MIB));
  await handle.close();
  return path;
}

async function copies(path: string, count: number): Promise<string[]> {
  const paths = Array.from({ length: count }, () => join(folder, `${randomUUID()}.csv`));
  for (const copy of paths) await link(path, copy);
  return paths;
}
