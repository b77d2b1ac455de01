/** A worker as in Temporal's samples, with the naive chain. It runs in a process of its own, and reports when it polls. */
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import * as activities from './activities.js';

Runtime.install({ logger: new DefaultLogger('WARN') });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '' }),
  namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
  taskQueue: 'naive-chain',
  workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
  activities,
});
const running = worker.run();
process.send?.('polling');
process.once('disconnect', () => worker.getState() === 'RUNNING' && worker.shutdown());
await running;
