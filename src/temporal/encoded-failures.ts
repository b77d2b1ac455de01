import { DefaultFailureConverter, type FailureConverter, type ProtoFailure } from '@temporalio/common';
import { isUnreadable } from './unreadable.js';

/**
 * Puts message and stack of a failure into a payload, which the codec encrypts. The type, which is an error code,
 * stays readable, and takes the message's place; and so does the message of a worker that lacks a key, which whoever
 * has the key is to read too.
 */
class EncodedFailures extends DefaultFailureConverter {
  readonly #plain = new DefaultFailureConverter();

  constructor() {
    super({ encodeCommonAttributes: true });
  }

  override errorToFailure(...args: Parameters<FailureConverter['errorToFailure']>): ProtoFailure {
    const [error] = args;
    if (isUnreadable(error)) return this.#plain.errorToFailure(...args);
    const failure = super.errorToFailure(...args);
    const code = failure.applicationFailureInfo?.type;
    if (code) failure.message = `${code} (what happened is encrypted)`;
    return failure;
  }
}

/** By this name Temporal's SDK looks for it. */
export const failureConverter = new EncodedFailures();
