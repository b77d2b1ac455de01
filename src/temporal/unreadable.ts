import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from '../contract/errors.js';

/** The type of the failure that a codec throws if it cannot decrypt a payload. */
export const UNREADABLE = 'PAYLOAD_UNREADABLE' satisfies ErrorCode;

/** Reports whether a codec threw an error. Its message names a key, and contains nothing of the payload. */
export const isUnreadable = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.type === UNREADABLE;
