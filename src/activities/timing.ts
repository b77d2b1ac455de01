import { activityInfo } from '@temporalio/activity';
import type { Timed } from '../contract/steps.js';

/** Wraps an activity so that its result includes the start and end of the attempt, and its number. */
export function withTiming<Input, Result>(
  activity: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Timed<Result>> {
  return async (input) => {
    const startedAt = new Date().toISOString();
    const result = await activity(input);
    return {
      ...result,
      ran: { startedAt, finishedAt: new Date().toISOString(), attempts: activityInfo().attempt },
    };
  };
}
