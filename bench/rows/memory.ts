import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import type { UploadHandle } from '../../src/client.js';
import { memoryOf } from '../process-memory.js';
import { type Row, statsOf } from '../suite/row.js';

const WAITING = 5000;

/** Memory of a worker. That of large files: `npm run bench -- memory`. */
export const memory: readonly Row[] = [
  {
    name: 'waiting',
    work: `memory that ${WAITING.toLocaleString('en')} waiting uploads add to a worker`,
    unit: 'MB',
    goal: { of: 'value', is: 'at most', limit: 400 },
    measure: async (world, { smaller }) => {
      const { sandbox } = await world.servers;
      const client = await world.client();
      await world.stopWorker();
      const uploads = await pMap(
        Array.from({ length: Math.ceil(WAITING / smaller) }),
        async () => client.start(await world.requestFor(await world.newFile())),
        { concurrency: 50 },
      );
      sandbox.faults.add({ route: 'presign', hang: true, times: 'always' });
      const { process: worker } = await world.startWorker();
      const { pid } = worker.child;
      const idle = await memoryOf(pid, 'VmRSS');
      // A worker with so many workflow tasks does not respond to a query in time.
      const stepOf = ({ workflowId }: UploadHandle) =>
        client.progress(workflowId).then(
          (progress) => progress?.step,
          () => undefined,
        );
      const last = uploads.at(-1);
      while (last && (await stepOf(last)) !== 'presign') await sleep(500);
      const peak = await memoryOf(pid, 'VmHWM');
      await pMap(uploads, ({ workflowId }) => world.terminate(workflowId), { concurrency: 50 });
      await world.stopWorker();
      sandbox.faults.clear();
      return { ours: statsOf([peak - idle]) };
    },
  },
];
