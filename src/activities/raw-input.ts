import { setActivityOptions } from '@temporalio/activity';
import { rawValueTypeInfo } from '@temporalio/common';

/** Makes an activity receive its first argument as a `RawValue`, so that the activity itself handles undecodable input. */
export function withRawInput<Inputs extends unknown[], Result>(
  activity: (...inputs: Inputs) => Promise<Result>,
): (...inputs: Inputs) => Promise<Result> {
  setActivityOptions({ typeInfo: { inputTypes: [rawValueTypeInfo] } }, activity);
  return activity;
}
