import { setTimeout as sleep } from 'node:timers/promises';
import type { AplosApi, ExecutionRecord } from '../aplos/api.js';
import { UploadError } from '../contract/errors.js';

/**
 * Searches the list of Aplos for an execution, once after each delay, because new executions may appear late. Only the last search
 * proves that there is none, so only that one must succeed.
 *
 * @throws UploadError `START_UNSETTLED` if the list cannot show whether the execution was started
 */
export async function findExecution(
  aplos: AplosApi,
  fileName: string,
  trackingId: string,
  delaysMs: readonly number[],
): Promise<ExecutionRecord | undefined> {
  for (const [index, delayMs] of delaysMs.entries()) {
    await sleep(delayMs);
    const isLast = index === delaysMs.length - 1;
    const records = await listExecutions(aplos, fileName, trackingId).catch((error: unknown) => {
      if (!isLast && error instanceof UploadError && error.retryable) return [];
      throw error;
    });
    const match = records.find((record) => record.trackingId === trackingId);
    if (match) return match;
    if (records.length > 0 && !records.some(({ hasMetaData }) => hasMetaData)) {
      throw unsettled(fileName, trackingId, 'Aplos lists executions without their metadata');
    }
  }
  return undefined;
}

/** Returns the error for an execution of which it is not known whether it was started. */
export const unsettled = (fileName: string, trackingId: string, why: string): UploadError =>
  new UploadError(
    'START_UNSETTLED',
    `It is not known whether an execution of ${fileName} was started: ${why}. Its tracking id is ${trackingId}`,
  );

async function listExecutions(
  aplos: AplosApi,
  fileName: string,
  trackingId: string,
): Promise<readonly ExecutionRecord[]> {
  try {
    return await aplos.listExecutions();
  } catch (error) {
    if (!(error instanceof UploadError) || error.retryable || isLoginError(error)) throw error;
    throw unsettled(fileName, trackingId, error.happened);
  }
}

/** Reports whether the login failed, so that Aplos was not asked. */
const isLoginError = ({ code }: UploadError) => code.startsWith('LOGIN_');
