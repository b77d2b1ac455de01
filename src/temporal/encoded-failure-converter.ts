import {
  ApplicationFailure,
  DefaultFailureConverter,
  type FailureConverter,
  type ProtoFailure,
} from '@temporalio/common';
import { isUnreadable } from './unreadable.js';

/**
 * Puts message and stack of a failure into a payload, which the codec encrypts. The type, which is an error code,
 * stays readable, and takes the message's place. Two kinds of failures stay readable as a whole, for those who are to
 * act on them: that of a worker that lacks a key, and that of a request that is not valid, which tells its fields and
 * not what is in them.
 */
class EncodedFailures extends DefaultFailureConverter {
  readonly #plain = new DefaultFailureConverter();

  constructor() {
    super({ encodeCommonAttributes: true });
  }

  override errorToFailure(...args: Parameters<FailureConverter['errorToFailure']>): ProtoFailure {
    const [error] = args;
    if (isUnreadable(error) || isInvalidRequest(error)) return this.#plain.errorToFailure(...args);
    const failure = super.errorToFailure(...args);
    const code = failure.applicationFailureInfo?.type;
    if (code) failure.message = `${code} (what happened is encrypted)`;
    return failure;
  }
}

const isInvalidRequest = (error: unknown) =>
  error instanceof ApplicationFailure && error.type === 'REQUEST_INVALID';

/** By this name Temporal's SDK looks for it. */
export const failureConverter = new EncodedFailures();
