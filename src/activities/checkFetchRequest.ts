import { type FetchRequest, parseFetchRequest } from '../contract/fetch-request.js';
import { decodeInput } from './raw-input.js';

/** Validates the request for the results of an earlier upload. Throws UploadError `REQUEST_INVALID` with the path of every problem. */
export const checkFetchRequest = async (input: unknown, argumentCount: number): Promise<FetchRequest> =>
  parseFetchRequest(decodeInput(input, argumentCount));
