import { inTurn, type Row, secondsOf } from '../suite/row.js';
import type { UploadJob } from '../upload/activity.js';
import {
  curl,
  curlVersion,
  md5sumAndCurl,
  md5sumVersion,
  pythonRequests,
  requestsVersion,
} from '../upload/peers.js';
import type { Subject } from '../upload/subject.js';
import { UploadBench } from '../upload/upload-bench.js';

const MANY = 20;

/** What is uploaded, where to, and how the peer uploads one file. */
export interface Comparison {
  readonly mib: number;
  readonly files?: number;
  readonly server: 'discards' | 'SeaweedFS';
  readonly peer: (job: UploadJob) => Promise<void>;
}

/** A row, and what it compares. */
export type LargeFilesRow = Row & { readonly comparison: Comparison };

/**
 * Rows of large files: the activity `uploadFile`, which compares size and SHA-256 with the expected ones and calculates the MD5,
 * next to programs that verify less.
 */
export const largeFiles: readonly LargeFilesRow[] = [
  row(
    {
      name: 'discarded',
      work: '1 GiB, verified, into a server that discards',
      peer: async () => `md5sum && curl -F: ${await md5sumVersion()}, ${await curlVersion()}`,
      goal: { of: 'ratio', is: 'at most', limit: 0.85 },
    },
    { mib: 1024, server: 'discards', peer: md5sumAndCurl },
  ),
  row(
    {
      name: 's3',
      work: '512 MiB, verified, into SeaweedFS',
      peer: async () => `curl -F: ${await curlVersion()}`,
      goal: { of: 'ratio', is: 'at most', limit: 1.1 },
    },
    { mib: 512, server: 'SeaweedFS', peer: curl },
  ),
  row(
    {
      name: 's3-requests',
      work: '512 MiB, verified, into SeaweedFS',
      peer: requestsVersion,
      goal: { of: 'ratio', is: 'at most', limit: 0.7 },
    },
    { mib: 512, server: 'SeaweedFS', peer: pythonRequests },
  ),
  row(
    {
      name: 's3-many',
      work: `${MANY} files of 50 MiB at a time, verified, into SeaweedFS`,
      peer: async () => `${MANY} × curl -F: ${await curlVersion()}`,
      goal: { of: 'ratio', is: 'at most', limit: 1.25 },
    },
    { mib: 50, files: MANY, server: 'SeaweedFS', peer: curl },
  ),
  row(
    {
      name: 'discarded-many',
      work: `${MANY} files of 50 MiB at a time, verified, into a server that discards`,
      peer: async () => `${MANY} × md5sum && curl -F: ${await md5sumVersion()}, ${await curlVersion()}`,
    },
    { mib: 50, files: MANY, server: 'discards', peer: md5sumAndCurl },
  ),
];

function row(about: Omit<Row, 'measure' | 'unit'>, comparison: Comparison): LargeFilesRow {
  return {
    ...about,
    unit: 's',
    comparison,
    async measure(_, { rounds, smaller }) {
      const { ours, peer, stop } = await openComparison(comparison, smaller);
      try {
        return await inTurn(rounds, { ours: () => ours(), peer });
      } finally {
        await stop();
      }
    },
  };
}

/**
 * Starts the servers and writes the files of a comparison.
 *
 * @param smaller divisor of the size of the files
 * @returns functions that upload all files once, and return the seconds that it took
 */
export async function openComparison({ mib, files = 1, server, peer }: Comparison, smaller: number) {
  const bench = await UploadBench.start();
  const paths = await bench.copies(await bench.writeFile(Math.ceil(mib / smaller)), files);
  const jobs = () =>
    Promise.all(paths.map((path) => (server === 'discards' ? bench.discarded(path) : bench.toS3(path))));
  return {
    ours: async (subject: Subject = bench.subject) => subject.upload(await jobs()),
    peer: async () => {
      const now = await jobs();
      return secondsOf(() => Promise.all(now.map(peer)));
    },
    stop: () => bench.stop(),
  };
}
