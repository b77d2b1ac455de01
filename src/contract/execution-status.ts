import type { StartedExecution } from './receipt.js';

/** Returns the status of an execution for people, with the delay of a throttled one: `throttled, runs in about 60 s`. */
export const executionStatus = ({
  status,
  delaySeconds,
}: Pick<StartedExecution, 'status' | 'delaySeconds'>): string =>
  delaySeconds === undefined ? status : `${status}, runs in about ${delaySeconds} s`;
