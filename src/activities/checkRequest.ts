import { parseUploadRequest, type UploadRequest } from '../contract/request.js';
import { decodeInput } from './raw-input.js';

/**
 * Validates the request and fills in its defaults.
 *
 * @param input first argument of the workflow, undecoded
 * @param argumentCount number of arguments that the workflow was started with
 * @throws UploadError `REQUEST_INVALID` with the path of every problem
 */
export const checkRequest = async (input: unknown, argumentCount: number): Promise<UploadRequest> =>
  parseUploadRequest(decodeInput(input, argumentCount));
