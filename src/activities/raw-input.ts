import { isUtf8 } from 'node:buffer';
import { setActivityOptions } from '@temporalio/activity';
import { defaultPayloadConverter, RawValue, rawValueTypeInfo } from '@temporalio/common';
import { invalidRequest } from '../contract/request.js';
import { shortenText } from '../util/shorten-text.js';

/** Makes an activity receive its first argument as a `RawValue`, so that the activity itself handles undecodable input. */
export function withRawInput<Inputs extends unknown[], Result>(
  activity: (...inputs: Inputs) => Promise<Result>,
): (...inputs: Inputs) => Promise<Result> {
  setActivityOptions({ typeInfo: { inputTypes: [rawValueTypeInfo] } }, activity);
  return activity;
}

/**
 * Returns the value of the only argument of a workflow.
 *
 * @param input first argument of the workflow, undecoded
 * @param argumentCount number of arguments that the workflow was started with
 * @throws UploadError `REQUEST_INVALID` if there are more or fewer arguments, or it is not JSON
 */
export function decodeInput(input: unknown, argumentCount: number): unknown {
  if (argumentCount !== 1)
    throw invalidRequest([
      `request: must be the only argument of the workflow, but ${argumentCount} were given`,
    ]);
  return input instanceof RawValue ? decode(input) : input;
}

function decode({ payload }: RawValue): unknown {
  try {
    if (!isUtf8(Buffer.from(payload.data ?? []))) throw new TypeError('it is not UTF-8');
    const value = defaultPayloadConverter.fromPayload(payload);
    if (value instanceof Uint8Array) throw new TypeError('it is binary');
    return value;
  } catch (error) {
    throw invalidRequest([
      `request: must be JSON in a payload with the encoding json/plain (${shortenText((error as Error).message)})`,
    ]);
  }
}
