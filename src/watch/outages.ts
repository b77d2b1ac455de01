import { errorTable, UploadError } from '../contract/errors.js';
import type { Dependency } from './events.js';

/** An unavailable dependency, without which no file can be started. */
export interface Outage {
  readonly dependency: Dependency;
  readonly error: UploadError;
}

/** Returns the outage that an error reveals, or `undefined` if the error concerns a single file. */
export function outageFrom(error: unknown): Outage | undefined {
  if (!(error instanceof UploadError)) return undefined;
  const { outageOf } = errorTable[error.code];
  return outageOf && { dependency: outageOf, error };
}
