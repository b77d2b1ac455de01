import pMap from 'p-map';
import type { Checkout } from '../suite/checkout.js';
import { inTurn, type Measured, type Row, secondsOf } from '../suite/row.js';
import type { BenchWorld } from '../suite/world.js';
import { naiveChain, uploadNaively, uploadOurs } from './naive-chain.js';

const FILES = 200;
const IN_FLIGHT = 50;
const SINGLE_FILES_A_ROUND = 6;

type Upload = Checkout['upload'];

/**
 * Measures each way to upload files in turn.
 *
 * @param resultOf returns what is measured, from the seconds that the files took
 */
async function measureUploads(
  world: BenchWorld,
  rounds: number,
  { files, concurrency }: { readonly files: number; readonly concurrency: number },
  resultOf: (seconds: number) => number,
): Promise<Measured> {
  // Ours reads the list of executions, and the peer does not. So all begin with an empty one.
  await world.stop();
  const client = await world.client();
  await world.startNaiveWorker();
  const before = await world.before();
  const measurement = (upload: Upload) => async () => {
    const paths: string[] = [];
    while (paths.length < files) paths.push(await world.newFile());
    return resultOf(await secondsOf(() => upload(paths, { concurrency })));
  };
  return inTurn(rounds, {
    ours: measurement((paths, options) => pMap(paths, (path) => uploadOurs(client, world, path), options)),
    peer: measurement((paths, options) => pMap(paths, (path) => uploadNaively(world, path), options)),
    before: before && measurement(before.upload),
  });
}

/** Small files, many at a time and one at a time, compared with the naive chain on the same servers. */
export const smallFiles: readonly Row[] = [
  {
    name: 'small-files',
    work: `small files, ${IN_FLIGHT} in flight`,
    unit: 'files/s',
    peer: naiveChain,
    goal: { of: 'ratio', is: 'at least', limit: 0.9 },
    measure: (world, { rounds, smaller }) => {
      const files = Math.ceil(FILES / smaller);
      return measureUploads(world, rounds, { files, concurrency: IN_FLIGHT }, (seconds) => files / seconds);
    },
  },
  {
    name: 'latency',
    work: 'one small file, client to receipt',
    unit: 'ms',
    peer: naiveChain,
    goal: { of: 'ratio', is: 'at most', limit: 1.1 },
    measure: (world, { rounds, smaller }) =>
      measureUploads(
        world,
        Math.ceil((SINGLE_FILES_A_ROUND * rounds) / smaller),
        { files: 1, concurrency: 1 },
        (seconds) => 1000 * seconds,
      ),
  },
];
