import { hostTaskQueue } from '../contract/names.js';
import type { ActivityDependencies } from './dependencies.js';

/** Asks Temporal whether a worker serves a host. */
export const lookForWorker =
  ({ hasWorker }: ActivityDependencies) =>
  ({ host }: { host: string }): Promise<boolean> =>
    hasWorker(hostTaskQueue(host));
