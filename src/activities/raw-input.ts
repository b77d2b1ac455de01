import { setActivityOptions } from '@temporalio/activity';
import { rawValueTypeInfo } from '@temporalio/common';

/** Hands an activity its first argument as a `RawValue`: what cannot be decoded is then its own matter. */
export function withRawInput<Inputs extends unknown[], Result>(
  activity: (...inputs: Inputs) => Promise<Result>,
): (...inputs: Inputs) => Promise<Result> {
  setActivityOptions({ typeInfo: { inputTypes: [rawValueTypeInfo] } }, activity);
  return activity;
}
