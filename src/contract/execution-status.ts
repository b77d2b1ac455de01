import type { StartedExecution } from './receipt.js';

const WITHOUT_RESULTS: readonly string[] = ['failed', 'cancelled', 'canceled', 'timed_out', 'timed-out'];

/** Reports whether Aplos ended an execution without results. Aplos does not charge for it. */
export const endedWithoutResults = ({ status }: Pick<StartedExecution, 'status'>): boolean =>
  WITHOUT_RESULTS.includes(status);

/** Returns the status of an execution for people, with the delay of a throttled one: `throttled, runs in about 60 s`. */
export const executionStatus = ({
  status,
  delaySeconds,
}: Pick<StartedExecution, 'status' | 'delaySeconds'>): string =>
  delaySeconds === undefined ? status : `${status}, runs in about ${delaySeconds} s`;
