import type { StartedExecution } from './receipt.js';

/** How an execution ended. `gone`: it was deleted, so how it ended is not known. */
export type ExecutionEnd = 'succeeded' | 'failed' | 'cancelled' | 'timed-out' | 'rejected' | 'gone';

/** Final statuses of all versions of the API, without case and separators. */
const ends: ReadonlyMap<string, ExecutionEnd> = new Map([
  ['complete', 'succeeded'],
  ['completed', 'succeeded'],
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
  ['timedout', 'timed-out'],
  ['rejected', 'rejected'],
  ['deleted', 'gone'],
]);

/** Returns how an execution with this status ended. `undefined` if it is at work; so is one with an unknown status. */
export const endOf = (status: string): ExecutionEnd | undefined =>
  ends.get(status.toLowerCase().replace(/[\s_-]/g, ''));

/** Reports whether Aplos ended an execution without results. Aplos does not charge for it. */
export function endedWithoutResults({ status }: Pick<StartedExecution, 'status'>): boolean {
  const end = endOf(status);
  return end === 'failed' || end === 'cancelled' || end === 'timed-out';
}

/** Returns the status of an execution for people, with the delay of a throttled one: `throttled, runs in about 60 s`. */
export const executionStatus = ({
  status,
  delaySeconds,
  completion,
}: Pick<StartedExecution, 'status' | 'delaySeconds' | 'completion'>): string =>
  completion?.status ?? (delaySeconds === undefined ? status : `${status}, runs in about ${delaySeconds} s`);
