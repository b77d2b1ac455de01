import { UploadError } from '../contract/errors.js';

/** Reports whether a call failed because Aplos does not have the object that it names, or no longer has it. */
export const isGone = (error: unknown): error is UploadError =>
  error instanceof UploadError && (error.code === 'API_NOT_FOUND' || error.code === 'API_DELETED');
