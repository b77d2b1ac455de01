import { Context } from '@temporalio/activity';
import { growingPauseMs } from './growing-pause.js';

const MIN_INTERVAL_MS = 1_000;
/** Several of these are less than the heartbeat timeout of a step. */
const MAX_INTERVAL_MS = 8_000;

/**
 * Sends heartbeats while some work runs, so that Temporal notices a killed worker, and a cancellation reaches the activity. As
 * Temporal Cloud bills each heartbeat, the interval grows from one second to eight.
 *
 * @param details returns the details of the next heartbeat. Default: none
 */
export async function heartbeatDuring<Result>(
  work: () => Promise<Result>,
  details: () => unknown = () => undefined,
): Promise<Result> {
  const activity = Context.current();
  const startedMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const schedule = () => {
    const intervalMs = growingPauseMs(MIN_INTERVAL_MS, MAX_INTERVAL_MS, performance.now() - startedMs);
    timer = setTimeout(() => {
      activity.heartbeat(details());
      schedule();
    }, intervalMs);
  };
  schedule();
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** Wraps an activity so that it sends heartbeats without details. */
export const withHeartbeats =
  <Inputs extends unknown[], Result>(activity: (...inputs: Inputs) => Promise<Result>) =>
  (...inputs: Inputs): Promise<Result> =>
    heartbeatDuring(() => activity(...inputs));
