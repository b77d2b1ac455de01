import { ApplicationFailure, PayloadConverterError, ValueError } from '@temporalio/common';
import type { ErrorCode } from '../contract/errors.js';
import { cutText } from '../util/cut-text.js';
import { quote } from '../util/quote.js';

/** The type of the failure that a codec throws if it cannot decrypt a payload. */
export const UNREADABLE = 'PAYLOAD_UNREADABLE' satisfies ErrorCode;

/** Reports whether a codec threw an error. Its message names a key, and contains nothing of the payload. */
export const isUnreadable = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.type === UNREADABLE;

/** Reports whether a payload could not be decoded. */
export const isMalformed = (error: unknown): boolean =>
  [ValueError, PayloadConverterError, SyntaxError].some((type) => error instanceof type);

const MAX_KEY_ID_LENGTH = 64;

/** Returns the ID of a key for a message. Anybody may send a payload with an ID of any length. */
export const shownKeyId = (id: string): string => quote(cutText(id, MAX_KEY_ID_LENGTH));
