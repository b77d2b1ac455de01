import { isGrpcServiceError, NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { errorTable, UploadError } from '../contract/errors.js';
import { temporalTarget, temporalUnreachable } from '../temporal/connection.js';

/** Of gRPC: one request is at fault. */
const INVALID_ARGUMENT = 3;

/** What no file can be started without. */
export interface Outage {
  readonly with: 'Temporal' | 'memory';
  readonly error: UploadError;
}

const subjects = { temporal: 'Temporal', 'state-file': 'memory' } as const;

/** What is wrong for all files, if that is what an error says; `undefined` where it is about one file. */
export function outageIn(error: unknown): Outage | undefined {
  if (error instanceof UploadError) {
    const { outageOf } = errorTable[error.code];
    return outageOf && { with: subjects[outageOf], error };
  }
  const said = error instanceof ServiceError ? error.cause : error;
  const isOfTemporal = error instanceof NamespaceNotFoundError || isGrpcServiceError(said);
  const isOfOneRequest = isGrpcServiceError(said) && said.code === INVALID_ARGUMENT;
  return isOfTemporal && !isOfOneRequest
    ? { with: 'Temporal', error: temporalUnreachable(temporalTarget(), said) }
    : undefined;
}
