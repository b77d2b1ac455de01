import {
  ApplicationFailure,
  DefaultFailureConverter,
  type FailureConverter,
  type ProtoFailure,
} from '@temporalio/common';
import { errorTable, isErrorCode } from '../contract/error-table.js';
import { readableHint } from '../contract/readable-hint.js';
import { isUnreadable } from './unreadable.js';

/**
 * Puts the message and stack of a failure into a payload, which the codec encrypts. The type, an error code, stays
 * readable, and what the error table says about it replaces the message. Two failures stay readable as a whole, because users must act on them: a missing key,
 * and an invalid request, whose message names fields but not their values.
 */
class EncodedFailureConverter extends DefaultFailureConverter {
  readonly #unencoded = new DefaultFailureConverter();

  constructor() {
    super({ encodeCommonAttributes: true });
  }

  override errorToFailure(...args: Parameters<FailureConverter['errorToFailure']>): ProtoFailure {
    const [error] = args;
    if (isUnreadable(error) || isInvalidRequest(error)) return this.#unencoded.errorToFailure(...args);
    const failure = super.errorToFailure(...args);
    const code = failure.applicationFailureInfo?.type;
    if (code) failure.message = readableMessage(code, readableHint(error));
    return failure;
  }
}

/** Returns what is known from the code alone, so that the UI shows the cause and what to do without the key. */
function readableMessage(code: string, hint: string | undefined): string {
  if (!isErrorCode(code)) return `${code} (message encrypted)`;
  const { meaning, action } = errorTable[code];
  return [`${code} (message encrypted): ${meaning} ${action}`, hint].filter(Boolean).join(' ');
}

const isInvalidRequest = (error: unknown) =>
  error instanceof ApplicationFailure && error.type === 'REQUEST_INVALID';

/** The converter, under the name that Temporal's SDK imports. */
export const failureConverter = new EncodedFailureConverter();
