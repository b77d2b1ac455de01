import { heartbeat } from '@temporalio/activity';

const INTERVAL_MS = 1000;

/**
 * Sends a heartbeat every second while some work runs, so that Temporal notices a killed worker, and a cancellation reaches the
 * activity.
 *
 * @param details returns the details of the next heartbeat. Default: none
 */
export async function heartbeatDuring<Result>(
  work: () => Promise<Result>,
  details: () => unknown = () => undefined,
): Promise<Result> {
  const timer = setInterval(() => heartbeat(details()), INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Wraps an activity so that it sends heartbeats without details. */
export const withHeartbeats =
  <Input, Result>(activity: (input: Input) => Promise<Result>) =>
  (input: Input): Promise<Result> =>
    heartbeatDuring(() => activity(input));
