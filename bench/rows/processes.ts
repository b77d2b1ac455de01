import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { COMMAND } from '../../sandbox/worker-process.js';
import { commandOf } from '../suite/checkout.js';
import { inTurn, type Row, secondsOf, statsOf } from '../suite/row.js';

const run = promisify(execFile);

/** How long processes take to start. */
export const processes: readonly Row[] = [
  {
    name: 'help',
    work: 'aplos-upload --help',
    unit: 's',
    peer: async () => `node -e 0, Node.js ${process.version}`,
    goal: { of: 'value', is: 'at most', limit: 0.15 },
    measure: ({ rootBefore }, { rounds }) => {
      const measurement =
        (...args: string[]) =>
        () =>
          secondsOf(() => run(process.execPath, args));
      return inTurn(rounds, {
        ours: measurement(COMMAND, '--help'),
        peer: measurement('-e', '0'),
        before: rootBefore === undefined ? undefined : measurement(commandOf(rootBefore), '--help'),
      });
    },
  },
  {
    name: 'worker-start',
    work: 'worker start to first poll',
    unit: 's',
    goal: { of: 'value', is: 'at most', limit: 1.5 },
    measure: async (world, { rounds }) => {
      const servers = await world.servers;
      const ours: number[] = [];
      while (ours.length < rounds) {
        const before = performance.now();
        const worker = await servers.startWorkerProcess();
        ours.push((performance.now() - before) / 1000);
        await worker.stop();
      }
      return { ours: statsOf(ours) };
    },
  },
];
