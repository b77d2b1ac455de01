import type { ErrorCode } from '../contract/error-table.js';
import type { FailingStep } from '../contract/failing-step.js';
import type { StartedExecution, UploadProgress } from '../contract/receipt.js';
import { failingNote } from './notes.js';

/** Activities that are in progress at each step of a run. */
const activities: Partial<Record<UploadProgress['step'], readonly string[]>> = {
  find: ['findEarlierUpload'],
  presign: ['presignUpload'],
  upload: ['uploadFile'],
  confirm: ['confirmUpload', 'confirmStoredFile'],
  start: ['startExecution'],
  await: ['awaitExecution', 'fetchResults'],
  record: ['writeRecord'],
};

/** The steps of a run that fail again and again, as workers report them: a workflow does not see the attempts of its activities. */
export class FailingSteps {
  readonly #steps = new Map<string, FailingStep & { readonly at: Date }>();

  /** Adds a report. Ignores one that arrives after the step has ended. */
  add(report: FailingStep, { step, executions }: UploadProgress): boolean {
    const isInProgress = activities[step]?.includes(report.step) === true;
    if (!isInProgress || isStarted(report, executions)) return false;
    this.#steps.set(`${report.step}/${report.label ?? ''}`, { ...report, at: new Date() });
    return true;
  }

  /**
   * Removes steps that have ended.
   *
   * @returns true if no step is failing any more, and one was
   */
  remove({ step, executions }: UploadProgress): boolean {
    if (this.#steps.size === 0) return false;
    for (const [key, report] of this.#steps)
      if (activities[step]?.includes(report.step) !== true || isStarted(report, executions))
        this.#steps.delete(key);
    return this.#steps.size === 0;
  }

  /** Code of the last report. `undefined` if no step is failing. */
  get code(): ErrorCode | undefined {
    return [...this.#steps.values()].at(-1)?.code;
  }

  /** What people see, as Markdown. `undefined` if no step is failing. */
  get note(): string | undefined {
    return this.#steps.size === 0 ? undefined : [...this.#steps.values()].map(failingNote).join('\n\n');
  }
}

/** A step of one execution has ended if the execution was started. */
const isStarted = ({ step, label }: FailingStep, executions: readonly StartedExecution[]): boolean =>
  step === 'startExecution' && executions.some((execution) => execution.label === label);
