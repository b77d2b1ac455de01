import { printable } from '../util/printable.js';
import { type ErrorCode, errorTable } from './error-table.js';
import type { Remedy } from './error-traits.js';

export {
  type ErrorCode,
  errorTable,
  isErrorCode,
  isReplayable,
  withoutReplayHint,
  withReplayHint,
} from './error-table.js';
export type { AfterFix, ErrorRow, Fault, Remedy } from './error-traits.js';

/** Optional parts of an {@link UploadError}. They reach logs and histories, so they must not hold secrets. */
export interface UploadErrorOptions {
  /** The underlying error, for the log. */
  readonly cause?: unknown;
  /** Delay in milliseconds that the server asked for before the next attempt. Default: none. */
  readonly retryAfterMs?: number | undefined;
  /** Facts for programs, e.g. the HTTP status. */
  readonly details?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Action for a person. Default: the `action` of the error table. */
  readonly action?: string;
  /** True if this error is final although others with its code are retried. Default: `false` */
  readonly final?: boolean;
}

/** An error with a code of the {@link errorTable}. Its message is one printable line: what happened, to which file, and what to do. */
export class UploadError extends Error {
  override readonly name: string = 'UploadError';
  readonly code: ErrorCode;
  /** Event and file, without the action. */
  readonly happened: string;
  readonly retryAfterMs: number | undefined;
  readonly details: UploadErrorOptions['details'];
  readonly #isFinal: boolean;

  /** @param happened what happened and to which file, as a sentence; a full stop at its end is optional */
  constructor(code: ErrorCode, happened: string, options: UploadErrorOptions = {}) {
    super(
      printable(`${happened.replace(/\.+$/, '')}. ${options.action ?? errorTable[code].action}`),
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.code = code;
    this.happened = happened;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
    this.#isFinal = options.final ?? false;
  }

  /** Remedy for this error: that of its code, unless this error is final. */
  get remedy(): Remedy {
    return this.#isFinal ? 'final' : errorTable[this.code].remedy;
  }

  /** True if a retry of the same step can succeed. */
  get retryable(): boolean {
    return this.remedy === 'retry';
  }

  /** True if Aplos may have started an execution although the start failed with this error. */
  get mayHaveStarted(): boolean {
    return errorTable[this.code].mayHaveStarted;
  }

  /** True if the call may have failed because Aplos does not offer it, or does not know its object. */
  get callMayNotExist(): boolean {
    return errorTable[this.code].callMayNotExist && !this.#isFinal;
  }
}
