import { isGrpcServiceError, NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { UploadError } from '../contract/errors.js';
import { temporalTarget, temporalUnreachable } from '../temporal/connection.js';

/** Of gRPC: one request is at fault. */
const INVALID_ARGUMENT = 3;

/** What no file can be started without. */
export interface Outage {
  readonly with: 'Temporal' | 'memory';
  readonly error: UploadError;
}

/** What is wrong for all files, if that is what an error says; `undefined` where it is about one file. */
export function outageIn(error: unknown): Outage | undefined {
  if (error instanceof UploadError) {
    if (error.code === 'SETTINGS_INVALID') return { with: 'memory', error };
    const isOfTemporal = ['TEMPORAL_UNREACHABLE', 'SEARCH_ATTRIBUTES_MISSING'].includes(error.code);
    return isOfTemporal ? { with: 'Temporal', error } : undefined;
  }
  const said = error instanceof ServiceError ? error.cause : error;
  const isOfTemporal = error instanceof NamespaceNotFoundError || isGrpcServiceError(said);
  const isOfOneRequest = isGrpcServiceError(said) && said.code === INVALID_ARGUMENT;
  return isOfTemporal && !isOfOneRequest
    ? { with: 'Temporal', error: temporalUnreachable(temporalTarget(), said) }
    : undefined;
}
