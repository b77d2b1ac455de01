/**
 * Reaction of the workflow to a step that failed with a code.
 *
 * - `retry`: Temporal retries the step.
 * - `retry-briefly`: Temporal retries the step for five minutes. If the error persists, it is final.
 * - `presign-again`: the workflow requests a new presigned POST, then uploads the file again.
 * - `final`: a retry cannot help. The upload fails until a person acts and replays it.
 */
export type Remedy = 'retry' | 'retry-briefly' | 'presign-again' | 'final';

/**
 * Who has to act if an error persists.
 *
 * - `caller`: whoever sent the request, or owns the file.
 * - `service`: a service that uploads depend on: Aplos, Cognito, S3, Temporal, or the server of the source.
 * - `settings`: whoever operates this program: its settings, accounts, hosts and disks.
 * - `program`: its developers; the error is a bug.
 */
export type Fault = 'caller' | 'service' | 'settings' | 'program';

/**
 * Next step for a failed upload once somebody has fixed the cause.
 *
 * - `replay`: replay it. It resumes at the failed step.
 * - `replay-from-presign`: replay it. It requests a new presigned POST and sends the file again.
 * - `replay-from-start`: replay it. It starts the execution again, because the one that was started did not run.
 * - `upload`: start another upload, because the cause is in the file or the request, which a replay would use again.
 * - `analyze`: analyze the stored file with a corrected configuration. The file is not uploaded again.
 * - `check`: check at Aplos first, because a replay could start an execution that a person has started meanwhile.
 */
export type AfterFix =
  | 'replay'
  | 'replay-from-presign'
  | 'replay-from-start'
  | 'upload'
  | 'analyze'
  | 'check';

/** Traits that few codes have. */
export interface RareTraits {
  /** Next step for a failed upload once the cause is fixed. Default: `upload` for a fault of the caller, otherwise `replay`. */
  readonly afterFix?: AfterFix;
  /** Exit code of a command that ends with this code: 2 if nothing was started, because the input or a setting is wrong. Default: 1. */
  readonly exitCode?: 1 | 2;
  /** True if Aplos may have started the execution although `startExecution` failed with this code. Default: `false`. */
  readonly mayHaveStarted?: boolean;
  /** True if a call that fails with this code may be one that Aplos does not offer. Optional calls are then skipped. Default: `false`. */
  readonly callMayNotExist?: boolean;
  /** True if a step with this code has not failed, but waits for the work of Aplos. Default: `false`. */
  readonly isProgress?: boolean;
  /** True if an idle timeout raises this code. Default: `false`. */
  readonly isIdleTimeout?: boolean;
  /** True if the error is that of one file or folder that cannot be read, which `--skip-unreadable` leaves out. Default: `false`. */
  readonly isUnreadable?: boolean;
  /** Dependency that is unavailable for every file, so that a folder watch waits until it is back. Default: none */
  readonly outageOf?: 'temporal' | 'state-file';
}

/** One row of the error table. */
export interface ErrorRow extends Required<Omit<RareTraits, 'outageOf'>>, Pick<RareTraits, 'outageOf'> {
  /** One sentence that says what happened. */
  readonly meaning: string;
  /**
   * How a person fixes the cause. For the remedy `retry`: only if the error persists. It fits a command that started nothing as well
   * as an upload that failed; `withReplayHint` adds what only the latter needs.
   */
  readonly action: string;
  readonly remedy: Remedy;
  readonly fault: Fault;
}
