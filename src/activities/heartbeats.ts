import { heartbeat } from '@temporalio/activity';

const EVERY_MS = 1000;

/**
 * Tells Temporal every second that the work goes on, and how far it is, so that a worker that was killed is
 * noticed and a cancellation arrives.
 */
export async function whileHeartbeating<Result>(
  details: () => unknown,
  work: () => Promise<Result>,
): Promise<Result> {
  const timer = setInterval(() => heartbeat(details()), EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Lets an activity tell Temporal that it goes on. */
export const heartbeating =
  <Input, Result>(activity: (input: Input) => Promise<Result>) =>
  (input: Input): Promise<Result> =>
    whileHeartbeating(
      () => undefined,
      () => activity(input),
    );
