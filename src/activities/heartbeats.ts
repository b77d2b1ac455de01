import { heartbeat } from '@temporalio/activity';

const EVERY_MS = 1000;

/** Tells Temporal every second that the work goes on, and how far it is. */
export async function whileHeartbeating<Result>(
  details: () => unknown,
  work: () => Promise<Result>,
): Promise<Result> {
  heartbeat(details());
  const timer = setInterval(() => heartbeat(details()), EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
