import { setActivityOptions } from '@temporalio/activity';
import {
  defaultPayloadConverter,
  METADATA_ENCODING_KEY,
  type Payload,
  RawValue,
  rawValueTypeInfo,
} from '@temporalio/common';
import type { JsonValue } from '../contract/json.js';
import { type ExactJson, parseExactJson } from '../contract/parse-json.js';
import { invalidRequest, REQUEST_LIMITS } from '../contract/request.js';
import { decodeText } from '../util/decode-text.js';
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
 * @throws UploadError `REQUEST_INVALID` if there are more or fewer arguments, it is not JSON, or parsing would alter or drop a value
 */
export function decodeInput(input: unknown, argumentCount: number): unknown {
  if (argumentCount !== 1)
    throw invalidRequest([
      `request: must be the only argument of the workflow, but ${argumentCount} were given`,
    ]);
  return input instanceof RawValue ? decode(input) : input;
}

function decode({ payload }: RawValue): unknown {
  const { value, problems } = parse(payload);
  if (problems.length > 0) throw invalidRequest(problems);
  return value;
}

function parse(payload: Payload): ExactJson {
  try {
    const encoding = decodeText(payload.metadata?.[METADATA_ENCODING_KEY] ?? new Uint8Array());
    if (encoding === 'json/plain')
      return parseExactJson(decodeText(payload.data ?? new Uint8Array()), LIMITS, 'request');
    const value = defaultPayloadConverter.fromPayload<JsonValue>(payload);
    if (value instanceof Uint8Array) throw new TypeError('it is binary');
    return { value, problems: [] };
  } catch (error) {
    throw invalidRequest([
      `request: must be JSON in a payload with the encoding json/plain (${shortenText((error as Error).message)})`,
    ]);
  }
}

const LIMITS = { depth: REQUEST_LIMITS.depth, values: REQUEST_LIMITS.bytes };
