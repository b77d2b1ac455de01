import { UploadError } from '../contract/errors.js';

/**
 * Translates the error of a call that starts an execution: `API_REFUSED` and `API_FORBIDDEN` become `ALLOCATION_EXHAUSTED`
 * or `EXECUTION_REFUSED` if that is what Aplos reported. Returns other errors unchanged.
 */
export function asRefusalToStart(error: unknown): unknown {
  if (!(error instanceof UploadError)) return error;
  const { code, happened, details } = error;
  if (code !== 'API_REFUSED' && code !== 'API_FORBIDDEN') return error;
  const isExhausted =
    details?.status === 402 || /allocation|quota|no executions? (left|remaining)/i.test(happened);
  if (isExhausted) return new UploadError('ALLOCATION_EXHAUSTED', happened, { details });
  return code === 'API_REFUSED' ? new UploadError('EXECUTION_REFUSED', happened, { details }) : error;
}
