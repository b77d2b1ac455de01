import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { objectStoreClient, type S3Bucket } from '../object-store.js';
import { ensureBinaries } from './binaries.js';
import { freePorts } from './free-ports.js';
import { type ServerProcess, startServer, temporaryFolder, withFreshPorts } from './server-process.js';

/** Options of SeaweedFS. */
export interface SeaweedOptions {
  /** Folder for the objects. Default: a temporary folder that is removed at the end. */
  readonly dir?: string;
  /** Port of S3. Default: a free port. */
  readonly port?: number;
}

/** SeaweedFS, a real S3 server, with one bucket. */
export interface Seaweed extends ServerProcess, S3Bucket {}

// Each component opens a port for HTTP and one for gRPC. The admin server cannot be disabled.
const COMPONENTS = ['master', 'volume', 'filer', 's3', 'admin'] as const;

/**
 * Starts SeaweedFS (`weed mini`) on 127.0.0.1, without telemetry and admin UI, and waits until its bucket can be used.
 *
 * @throws Error with the end of its log if it does not start
 */
export async function startSeaweed(options: SeaweedOptions = {}): Promise<Seaweed> {
  const { weed } = await ensureBinaries();
  return withFreshPorts(() => start(weed, options));
}

async function start(weed: string, options: SeaweedOptions): Promise<Seaweed> {
  const bucket = 'aplos-nca-uploads';
  const region = 'us-east-1';
  const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
  const secretAccessKey = randomBytes(30).toString('base64url');
  const folder = await temporaryFolder('s3');
  const dir = options.dir ?? join(folder, 'data');
  await mkdir(dir, { recursive: true });

  const free = await freePorts(COMPONENTS.length * 2);
  const ports = COMPONENTS.map((part, index) => ({
    part,
    http: (part === 's3' ? options.port : undefined) ?? free[2 * index] ?? 0,
    grpc: free[2 * index + 1] ?? 0,
  }));
  const endpoint = `http://127.0.0.1:${ports.find(({ part }) => part === 's3')?.http}`;

  const s3 = objectStoreClient({ endpoint, region, accessKeyId, secretAccessKey });

  const server = await startServer({
    name: 'SeaweedFS',
    command: weed,
    args: [
      ...[
        '-logtostderr=true',
        'mini',
        `-dir=${dir}`,
        `-bucket=${bucket}`,
        '-ip=127.0.0.1',
        '-ip.bind=127.0.0.1',
      ],
      ...[
        '-master.telemetry=false',
        '-admin.ui=false',
        '-webdav=false',
        '-s3.port.iceberg=0',
        '-s3.port.lance=0',
      ],
      // Volumes grow as needed. By default, the free disk space limits their number, and each bucket takes about eight.
      '-volume.max=10000',
      ...['-volume.preStopSeconds=0', '-filer.allowedOrigins=', '-s3.allowedOrigins='],
      ...ports.flatMap(({ part, http, grpc }) => [`-${part}.port=${http}`, `-${part}.port.grpc=${grpc}`]),
      ...['filer', 's3'].map((part) => `-${part}.localSocket=${join(folder, `${part}.sock`)}`),
    ],
    env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    logFile: join(folder, 'weed.log'),
    ready: () => readsAndWrites(s3, bucket),
    // The gRPC sockets have fixed names, and remain when the server is killed.
    leftovers: [folder, ...ports.map(({ part, grpc }) => `/tmp/seaweedfs-${part}-grpc-${grpc}.sock`)],
    stopSignal: options.dir ? 'SIGTERM' : 'SIGKILL',
  });
  return Object.assign(server, { endpoint, accessKeyId, secretAccessKey, region, bucket });
}

/**
 * Reports whether objects can be read and written. It is not enough that the bucket exists: after a restart, reads fail until
 * the volume server has reported to the master.
 */
async function readsAndWrites(s3: S3Client, bucket: string): Promise<boolean> {
  const probe = { Bucket: bucket, Key: '.ready' };
  const soon = () => ({ abortSignal: AbortSignal.timeout(2_000) });
  const read = async () => (await s3.send(new GetObjectCommand(probe), soon())).Body?.transformToString();
  await read().catch((error: unknown) => {
    if (!(error instanceof NoSuchKey)) throw error;
  });
  await s3.send(new PutObjectCommand({ ...probe, Body: 'ready' }), soon());
  return (await read()) === 'ready';
}
