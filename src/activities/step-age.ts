import { activityInfo } from '@temporalio/activity';

/** Returns the time between the first attempt and this one, in milliseconds by Temporal's clock. */
export function ageMs(): number {
  const { scheduledTimestampMs, currentAttemptScheduledTimestampMs } = activityInfo();
  return Math.max(0, currentAttemptScheduledTimestampMs - scheduledTimestampMs);
}
