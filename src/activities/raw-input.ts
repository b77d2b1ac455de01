import { setActivityOptions } from '@temporalio/activity';
import {
  defaultPayloadConverter,
  METADATA_ENCODING_KEY,
  type Payload,
  RawValue,
  rawValueTypeInfo,
} from '@temporalio/common';
import proto from '@temporalio/proto';
import type { JsonValue } from '../contract/json.js';
import { invalidRequest } from '../contract/parse-input.js';
import { type ExactJson, OversizedJsonError, parseExactJson } from '../contract/parse-json.js';
import { REQUEST_LIMITS } from '../contract/request-limits.js';
import { ARRIVED_IN, ORIGINAL, UNTRUSTED } from '../contract/untrusted.js';
import { decodeText } from '../util/decode-text.js';
import { shortenText } from '../util/shorten-text.js';

const { Payload: PayloadProto } = proto.temporal.api.common.v1;

/** Makes an activity receive its first argument as a `RawValue`, so that the activity itself handles undecodable input. */
export function withRawInput<Inputs extends unknown[], Result>(
  activity: (...inputs: Inputs) => Promise<Result>,
): (...inputs: Inputs) => Promise<Result> {
  setActivityOptions({ typeInfo: { inputTypes: [rawValueTypeInfo] } }, activity);
  return activity;
}

/**
 * Returns the value of the only argument of a workflow. It need not be encrypted: anybody may start a workflow.
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
  if (!(input instanceof RawValue)) return input;
  const original = isArgument(input) && input.payload.metadata?.[ORIGINAL];
  return decode(original ? PayloadProto.decode(original) : input.payload);
}

/**
 * Returns the value of the input of a Nexus operation. It need not be encrypted: anybody with access to the endpoint may call it.
 *
 * @throws UploadError `REQUEST_INVALID`
 */
export function decodeOperationInput({ payload }: RawValue): unknown {
  const original = payload.metadata?.[ORIGINAL];
  return decode(original ? PayloadProto.decode(original) : payload);
}

/**
 * Returns why the undecoded input of an activity is not trusted, as a sentence. `undefined` if it is encrypted for the activity, or
 * it contains the argument of the workflow, which is encrypted for the workflow or not at all.
 */
export function whyUntrustedInput(input: RawValue, activityType: string): string | undefined {
  const { [UNTRUSTED]: reason, [ORIGINAL]: original } = input.payload.metadata ?? {};
  if (!reason) return undefined;
  if (!isArgument(input)) return `The input of ${activityType} ${textOf(reason)}`;
  return original ? undefined : `The argument of the workflow ${textOf(reason)}`;
}

const isArgument = ({ payload }: RawValue) => textOf(payload.metadata?.[ARRIVED_IN]) === 'workflow';

const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('utf8');

function decode(payload: Payload): unknown {
  const { value, problems } = parse(payload);
  if (problems.length > 0) throw invalidRequest(problems);
  return value;
}

function parse(payload: Payload): ExactJson {
  try {
    const encoding = decodeText(payload.metadata?.[METADATA_ENCODING_KEY] ?? new Uint8Array());
    if (encoding === 'json/plain')
      return parseExactJson(decodeText(payload.data ?? new Uint8Array()), LIMITS);
    const value = defaultPayloadConverter.fromPayload<JsonValue>(payload);
    if (value instanceof Uint8Array) throw new TypeError('it is binary');
    return { value, problems: [] };
  } catch (error) {
    if (error instanceof OversizedJsonError) throw invalidRequest([`request: ${error.message}`]);
    throw invalidRequest([
      `request: must be JSON in a payload with the encoding json/plain (${shortenText((error as Error).message)})`,
    ]);
  }
}

const LIMITS = { depth: REQUEST_LIMITS.depth, values: REQUEST_LIMITS.bytes };
