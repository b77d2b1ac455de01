import { status as grpcStatus } from '@grpc/grpc-js';
import { isGrpcServiceError, NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { errorTable, UploadError } from '../contract/errors.js';
import { temporalTarget, temporalUnreachable } from '../temporal/connection.js';
import type { Dependency } from './events.js';

/** An unavailable dependency, without which no file can be started. */
export interface Outage {
  readonly dependency: Dependency;
  readonly error: UploadError;
}

/** Returns the outage that an error reveals, or `undefined` if the error concerns a single file. */
export function outageFrom(error: unknown): Outage | undefined {
  if (error instanceof UploadError) {
    const { outageOf } = errorTable[error.code];
    return outageOf && { dependency: outageOf, error };
  }
  const cause = error instanceof ServiceError ? error.cause : error;
  const isTemporal = error instanceof NamespaceNotFoundError || isGrpcServiceError(cause);
  const isInvalidRequest = isGrpcServiceError(cause) && cause.code === grpcStatus.INVALID_ARGUMENT;
  return isTemporal && !isInvalidRequest
    ? { dependency: 'temporal', error: temporalUnreachable(temporalTarget(), cause) }
    : undefined;
}
