/**
 * `npm run bench -- upload [--mb 600]`: measures throughput and memory of one upload.
 *
 * Compares several ways to post a file to a server that discards it, alternating in one run, so that the ratios hold on any
 * machine. The first is the upper bound: no checksums, no checks.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import StreamingForm from 'form-data';
import { Agent, FormData, request } from 'undici';
import { openSource } from '../src/files/source.js';
import { postObject } from '../src/s3/post-object.js';
import { median } from './median.js';

const MB = 1_000_000;
const ROUNDS = 5;
const FIELDS = { key: 'uploads/bench.csv', policy: 'p'.repeat(800), 'x-amz-signature': '0'.repeat(64) };
const FILE_NAME = 'bench.csv';

type Post = (url: string, path: string) => Promise<unknown>;

const ways: Readonly<Record<string, Post>> = {
  'undici request, form-data, no checksums': postBare,
  'postObject (MD5, SHA-256, checks)': postOurs,
  'undici FormData with a Blob, no checksums': postBlob,
};

async function compare(mb: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const sink = fork(fileURLToPath(import.meta.url), ['sink']);
  try {
    const path = await writeFile(join(folder, FILE_NAME), mb);
    const port = await new Promise((resolve) => sink.once('message', resolve));
    const runs = await measure(`http://127.0.0.1:${port}/`, path, mb);
    console.log(`${mb} MB, ${ROUNDS} rounds, medians; Node ${process.version}`);
    console.table(runs);
  } finally {
    sink.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(url: string, path: string, mb: number) {
  const seconds = new Map(Object.keys(ways).map((way) => [way, [] as number[]]));
  const growth = new Map(Object.keys(ways).map((way) => [way, [] as number[]]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [way, post] of Object.entries(ways)) {
      const run = await watched(() => post(url, path));
      if (round === 0) continue; // warm-up
      seconds.get(way)?.push(run.seconds);
      growth.get(way)?.push(run.rssGrowthMb);
    }
  }
  const [fastest = 0] = [...seconds.values()].map(median);
  return Object.fromEntries(
    Object.keys(ways).map((way) => {
      const took = median(seconds.get(way) ?? []);
      return [
        way,
        {
          'GB/s': Number((mb / 1000 / took).toFixed(2)),
          ratio: Number((fastest / took).toFixed(2)),
          'RSS growth, MB': Math.round(median(growth.get(way) ?? [])),
        },
      ];
    }),
  );
}

async function watched(work: () => Promise<unknown>) {
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  clearInterval(sampling);
  return { seconds, rssGrowthMb: (peak - before) / MB };
}

async function postOurs(url: string, path: string): Promise<void> {
  const file = await openSource(pathToFileURL(path).href, FILE_NAME);
  const dispatcher = new Agent();
  try {
    await postObject(
      { url, fields: FIELDS, expiresAt: new Date(Date.now() + 3_600_000).toISOString() },
      file,
      {
        fileName: FILE_NAME,
        idleTimeoutMs: 60_000,
        signal: new AbortController().signal,
        onProgress: () => {},
        dispatcher,
      },
    );
  } finally {
    await file.close();
    await dispatcher.close();
  }
}

async function postBare(url: string, path: string): Promise<void> {
  const form = new StreamingForm();
  for (const [name, value] of Object.entries(FIELDS)) form.append(name, value);
  const { size } = await stat(path);
  form.append('file', createReadStream(path, { highWaterMark: 1024 * 1024 }), { knownLength: size });
  await send(url, form, { ...form.getHeaders(), 'content-length': String(form.getLengthSync()) });
}

async function postBlob(url: string, path: string): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries(FIELDS)) form.append(name, value);
  form.append('file', await openAsBlob(path), FILE_NAME);
  await send(url, form, {});
}

async function send(
  url: string,
  body: StreamingForm | FormData,
  headers: Record<string, string>,
): Promise<void> {
  const dispatcher = new Agent();
  const response = await request(url, { method: 'POST', body, headers, dispatcher });
  await response.body.dump();
  await dispatcher.close();
}

async function writeFile(path: string, mb: number): Promise<string> {
  const block = randomBytes(MB);
  const handle = await open(path, 'w');
  for (let written = 0; written < mb; written++) await handle.write(block);
  await handle.close();
  return path;
}

/** Reads requests to their end, and responds with 204. */
function serveSink(): void {
  const server = createServer((socket) => {
    let head = '';
    let missing = 0;
    socket.on('data', (chunk) => {
      missing -= chunk.length;
      if (missing <= 0 && !head.includes('\r\n\r\n')) {
        head += chunk.toString('latin1');
        const headEnd = head.indexOf('\r\n\r\n') + 4;
        if (headEnd < 4) return;
        missing = Number(/content-length: (\d+)/i.exec(head)?.[1]) + headEnd - head.length;
      }
      if (missing > 0) return;
      head = '';
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

const { values, positionals } = parseArgs({
  options: { mb: { type: 'string', default: '600' } },
  allowPositionals: true,
});
if (positionals[0] === 'sink') serveSink();
else await compare(Number(values.mb));
