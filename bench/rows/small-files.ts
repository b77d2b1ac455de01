import { inTurn, type Row, secondsOf } from '../suite/row.js';
import type { BenchWorld } from '../suite/world.js';
import { filesPerSecond, naiveChain, uploadNaively, uploadOurs } from './naive-chain.js';

const FILES = 200;
const IN_FLIGHT = 50;
const SINGLE_FILES_A_ROUND = 6;

/** Starts both workers, and returns both ways to upload a file. The list of executions is empty: ours reads it, and the peer does not. */
async function bothWays(world: BenchWorld) {
  await world.stop();
  const client = await world.client();
  await world.startNaiveWorker();
  return {
    ours: (path: string) => uploadOurs(client, world, path),
    naive: (path: string) => uploadNaively(world, path),
  };
}

/** Small files, many at a time and one at a time, compared with the naive chain on the same servers. */
export const smallFiles: readonly Row[] = [
  {
    name: 'small-files',
    work: `small files, ${IN_FLIGHT} in flight`,
    unit: 'files/s',
    peer: naiveChain,
    goal: { of: 'ratio', is: 'at least', limit: 0.9 },
    measure: async (world, { rounds, smaller }) => {
      const { ours, naive } = await bothWays(world);
      const uploadAll = async (upload: (path: string) => Promise<unknown>) => {
        const paths: string[] = [];
        while (paths.length < FILES / smaller) paths.push(await world.newFile());
        return filesPerSecond(paths, IN_FLIGHT, upload);
      };
      return inTurn(rounds, { ours: () => uploadAll(ours), peer: () => uploadAll(naive) });
    },
  },
  {
    name: 'latency',
    work: 'one small file, client to receipt',
    unit: 'ms',
    peer: naiveChain,
    goal: { of: 'ratio', is: 'at most', limit: 1.1 },
    measure: async (world, { rounds, smaller }) => {
      const { ours, naive } = await bothWays(world);
      const uploadOne = async (upload: (path: string) => Promise<unknown>) => {
        const path = await world.newFile();
        return 1000 * (await secondsOf(() => upload(path)));
      };
      return inTurn(Math.ceil((SINGLE_FILES_A_ROUND * rounds) / smaller), {
        ours: () => uploadOne(ours),
        peer: () => uploadOne(naive),
      });
    },
  },
];
