import { isUtf8 } from 'node:buffer';
import { defaultPayloadConverter, RawValue } from '@temporalio/common';
import { invalidRequest, parseUploadRequest, type UploadRequest } from '../contract/request.js';
import { shortenText } from '../util/shorten-text.js';

/**
 * Validates the request and fills in its defaults.
 *
 * @param input first argument of the workflow, undecoded
 * @param argumentCount number of arguments that the workflow was started with
 * @throws UploadError `REQUEST_INVALID` with the path of every problem
 */
export async function checkRequest(input: unknown, argumentCount: number): Promise<UploadRequest> {
  if (argumentCount !== 1)
    throw invalidRequest([
      `request: must be the only argument of the workflow, but ${argumentCount} were given`,
    ]);
  return parseUploadRequest(input instanceof RawValue ? decode(input) : input);
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
