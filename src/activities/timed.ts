import { activityInfo } from '@temporalio/activity';
import type { Timed } from '../contract/steps.js';

/** Adds to an activity's result when it ran, and at which attempt. */
export function timed<Input, Result>(
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
