import { isUtf8 } from 'node:buffer';
import { defaultPayloadConverter, RawValue } from '@temporalio/common';
import { invalidRequest, parseUploadRequest, type UploadRequest } from '../contract/request.js';
import { shortenText } from '../util/shorten-text.js';

/**
 * Checks the request and fills in its defaults.
 *
 * @param input the first argument of the workflow, as it was sent
 * @param argumentCount how many arguments the workflow was started with
 * @throws UploadError `REQUEST_INVALID` with every problem by its path
 */
export async function checkRequest(input: unknown, argumentCount: number): Promise<UploadRequest> {
  if (argumentCount !== 1)
    throw invalidRequest([
      `request: must be the only argument of the workflow, but ${argumentCount} were given`,
    ]);
  return parseUploadRequest(input instanceof RawValue ? decoded(input) : input);
}

function decoded({ payload }: RawValue): unknown {
  try {
    if (!isUtf8(Buffer.from(payload.data ?? []))) throw new TypeError('it is not UTF-8');
    const value = defaultPayloadConverter.fromPayload(payload);
    if (value instanceof Uint8Array) throw new TypeError('it is bytes');
    return value;
  } catch (error) {
    throw invalidRequest([
      `request: must be JSON in a payload with the encoding json/plain (${shortenText((error as Error).message)})`,
    ]);
  }
}
