import { log } from '@temporalio/activity';
import type { AplosApi, FileState } from '../aplos/api.js';
import { UploadError } from '../contract/errors.js';
import type { FileRef } from '../contract/steps.js';

/**
 * Returns the state of a file, or `undefined` if Aplos does not know the file or does not offer this call: the vendor does not
 * document it.
 */
export async function fileStateIfOffered(
  api: AplosApi,
  { fileId }: Partial<FileRef>,
  signal: AbortSignal,
): Promise<FileState | undefined> {
  if (!fileId) return undefined;
  try {
    return await api.fileState(fileId, signal);
  } catch (error) {
    if (!callMayNotExist(error)) throw error;
    log.warn('Aplos does not report the state of the file', { fileId, code: error.code });
    return undefined;
  }
}

/** Reports whether a call may have failed because Aplos does not offer it, or does not know its object. */
export const callMayNotExist = (error: unknown): error is UploadError =>
  error instanceof UploadError && error.callMayNotExist;
