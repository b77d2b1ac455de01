import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from '../contract/errors.js';

/** The type of the failure that a codec throws when it cannot decrypt. */
export const UNREADABLE = 'PAYLOAD_UNREADABLE' satisfies ErrorCode;

/** Whether an error is a codec's: its words name a key, and hold nothing of the payload. */
export const isUnreadable = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.type === UNREADABLE;
