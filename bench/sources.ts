/**
 * `npm run bench -- sources [--mb 1000]`: uploads a large file from `https:` and from `s3:`, and interrupts each three times.
 * Exits with 1 unless the stored bytes are equal, the memory of the worker stays flat, and no temporary file remains.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { objectStoreClient } from '../sandbox/object-store.js';
import type { WorkerProcess } from '../sandbox/worker-process.js';
import { UploadClient } from '../src/client.js';
import { createSelfSigned, type KeyAndCertificate } from '../test/support/certificates.js';
import { sha256OfStream } from '../test/support/hashes.js';
import { table } from '../test/support/tables.js';
import { startOwnWorld, type World } from '../test/support/world.js';
import { peakMemory } from './process-memory.js';
import { cuttingProxy } from './sources/cutting-proxy.js';

const MB = 1_000_000;
const CUTS = 3;
const MAX_GROWTH_MB = 100;
const BUCKET = 'studies';

async function run(sizeBytes: number): Promise<boolean> {
  const file = new RepeatedFile(sizeBytes);
  const cuts = Array.from({ length: CUTS }, () => Math.floor(sizeBytes / (CUTS + 1)));
  const certificate = createSelfSigned();
  const https = await serveOverTls(file, certificate);
  const world = await startOwnWorld();
  const proxies = [await cuttingProxy(https.url, cuts), await cuttingProxy(world.sandbox.s3.endpoint, cuts)];
  try {
    const [httpsProxy, s3Proxy] = proxies as [(typeof proxies)[0], (typeof proxies)[0]];
    await storeObject(world, file);
    const worker = await startWorker(world, certificate, s3Proxy.url);
    const httpsUrl = httpsProxy.url.replace('http:', 'https:');
    await uploadFrom(world, `${https.url}/small.csv`); // loads everything, so that it does not count as growth
    await uploadFrom(world, `s3://${BUCKET}/small.csv`);
    const results = [
      await measure(world, worker, file, `${httpsUrl}/pk.csv`, httpsProxy),
      await measure(world, worker, file, `s3://${BUCKET}/pk.csv`, s3Proxy),
    ];
    console.log(`${sizeBytes / MB} MB, Node ${process.version}`);
    console.table(results);
    const left = await readdir(temporaryFolderOf(world));
    console.log(`remaining temporary files: ${left.length}`);
    return (
      results.every((each) => each.equal && each.cuts === CUTS && each['grown by MB'] < MAX_GROWTH_MB) &&
      left.length === 0
    );
  } finally {
    await world.stop();
    for (const proxy of proxies) proxy.stop();
    https.server.closeAllConnections();
    https.server.close();
  }
}

/** A large file that takes no room: one block, again and again. */
class RepeatedFile {
  readonly #block = table(MB);
  readonly sizeBytes: number;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  *from(start: number, end = this.sizeBytes): Generator<Buffer> {
    for (let at = start; at < end; ) {
      const offset = at % this.#block.length;
      const chunk = this.#block.subarray(offset, offset + end - at);
      yield chunk;
      at += chunk.length;
    }
  }

  sha256(): string {
    const hash = createHash('sha256');
    for (const chunk of this.from(0)) hash.update(chunk);
    return hash.digest('hex');
  }
}

async function serveOverTls(
  file: RepeatedFile,
  certificate: KeyAndCertificate,
): Promise<{ url: string; server: Server }> {
  const server = createServer(certificate, (request, response) => {
    const size = request.url === '/small.csv' ? MB : file.sizeBytes;
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = request.headers.range ? { 'content-range': `bytes ${from}-${size - 1}/${size}` } : {};
    response.writeHead(request.headers.range ? 206 : 200, {
      etag: '"v1"',
      'content-length': size - from,
      ...range,
    });
    Readable.from(file.from(from, size)).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function storeObject({ sandbox }: World, file: RepeatedFile): Promise<void> {
  const store = objectStoreClient(sandbox.s3);
  await store.send(new CreateBucketCommand({ Bucket: BUCKET }));
  for (const [Key, ContentLength] of [
    ['small.csv', MB],
    ['pk.csv', file.sizeBytes],
  ] as const)
    await store.send(
      new PutObjectCommand({
        Bucket: BUCKET,
        Key,
        Body: Readable.from(file.from(0, ContentLength)),
        ContentLength,
      }),
    );
  store.destroy();
}

const temporaryFolderOf = ({ folder }: World) => join(folder, 'temporary');

async function startWorker(world: World, { cert }: KeyAndCertificate, s3Url: string): Promise<WorkerProcess> {
  const { s3 } = world.sandbox;
  const ca = join(world.folder, 'ca.pem');
  await writeFile(ca, cert);
  await mkdir(temporaryFolderOf(world));
  return world.startWorkerProcess({
    NODE_EXTRA_CA_CERTS: ca,
    TMPDIR: temporaryFolderOf(world),
    APLOS_UPLOAD_SOURCE_HOSTS: '127.0.0.1',
    AWS_ENDPOINT_URL_S3: s3Url,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  });
}

async function uploadFrom(world: World, source: string) {
  const client = await UploadClient.connect({ client: world.client });
  return (await client.start({ source })).result();
}

async function measure(
  world: World,
  worker: WorkerProcess,
  file: RepeatedFile,
  source: string,
  proxy: { readonly cuts: number },
) {
  const before = await peakMemory(worker);
  const startedAt = performance.now();
  const receipt = await uploadFrom(world, source);
  const seconds = (performance.now() - startedAt) / 1000;
  const grown = (await peakMemory(worker)) - before;
  const stored = await sha256OfStream(await world.sandbox.storedStream(receipt.fileId ?? ''));
  return {
    source: new URL(source).protocol,
    cuts: proxy.cuts,
    attempts: receipt.steps.reduce((sum, { attempts }) => sum + attempts, 0),
    equal: stored === file.sha256() && receipt.sizeBytes === file.sizeBytes,
    seconds: Math.round(seconds * 10) / 10,
    'MB/s': Math.round(file.sizeBytes / MB / seconds),
    'peak MB': Math.round((before + grown) / MB),
    'grown by MB': Math.round(grown / MB),
  };
}

const { values } = parseArgs({ options: { mb: { type: 'string', default: '1000' } } });
process.exitCode = (await run(Number(values.mb) * MB)) ? 0 : 1;
