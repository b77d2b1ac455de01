import { inTurn, type Measured, type Row, secondsOf } from '../suite/row.js';
import type { UploadJob } from '../upload/activity.js';
import {
  curl,
  curlVersion,
  md5sumAndCurl,
  md5sumVersion,
  pythonRequests,
  requestsVersion,
} from '../upload/peers.js';
import { type Subject, startSubject } from '../upload/subject.js';
import { UploadBench } from '../upload/upload-bench.js';

const MANY = 20;

/** What is uploaded, where to, and how the peer uploads one file. */
interface Comparison {
  readonly mib: number;
  readonly files?: number;
  readonly server: 'discards' | 'SeaweedFS';
  readonly peer: (job: UploadJob) => Promise<void>;
}

/**
 * Rows of large files: the activity `uploadFile`, which compares size and SHA-256 with the expected ones and calculates the MD5,
 * next to programs that verify less.
 */
export const largeFiles: readonly Row[] = [
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

function row(about: Omit<Row, 'measure' | 'unit'>, comparison: Comparison): Row {
  return {
    ...about,
    unit: 's',
    measure: ({ rootBefore }, { rounds, smaller }) => compare(comparison, rounds, smaller, rootBefore),
  };
}

/** @param smaller divisor of the size of the files */
async function compare(
  { mib, files = 1, server, peer }: Comparison,
  rounds: number,
  smaller: number,
  rootBefore: string | undefined,
): Promise<Measured> {
  const bench = await UploadBench.start();
  const before = rootBefore === undefined ? undefined : await startSubject(rootBefore);
  try {
    const paths = await bench.copies(await bench.writeFile(Math.ceil(mib / smaller)), files);
    const jobs = () =>
      Promise.all(paths.map((path) => (server === 'discards' ? bench.discarded(path) : bench.toS3(path))));
    const measurement =
      ({ upload }: Subject) =>
      async () =>
        upload(await jobs());
    return await inTurn(rounds, {
      ours: measurement(bench.subject),
      peer: async () => {
        const now = await jobs();
        return secondsOf(() => Promise.all(now.map(peer)));
      },
      before: before && measurement(before),
    });
  } finally {
    before?.stop();
    await bench.stop();
  }
}
