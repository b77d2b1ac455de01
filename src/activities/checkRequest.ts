import { parseUploadRequest, type UploadRequest } from '../contract/request.js';

/** Checks the request and fills in its defaults. */
export const checkRequest = async (input: unknown): Promise<UploadRequest> => parseUploadRequest(input);
