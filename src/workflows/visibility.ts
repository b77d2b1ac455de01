import { log, setCurrentDetails } from '@temporalio/workflow';
import { type AddBatch, batchesOf, MAX_BATCHES } from '../contract/batches.js';
import type { ErrorCode } from '../contract/error-table.js';
import { executionStatus } from '../contract/execution-status.js';
import type { FailingStep } from '../contract/failing-step.js';
import { executionLabel } from '../contract/names.js';
import type { Receipt, StartedExecution, UploadProgress } from '../contract/receipt.js';
import { requestAttributes } from '../contract/search-attributes.js';
import { shownSource } from '../contract/source.js';
import type { CheckedRequest, FileRef } from '../contract/steps.js';
import { escapeMarkdown } from '../util/escape-markdown.js';
import { FailingSteps } from './failing-steps.js';
import { awaitingNote, cancelledNote, failedNote, hostHasNoWorkerNote, waitingNote } from './notes.js';
import { RunAttributes } from './run-attributes.js';

const headings = {
  find: 'Checking the earlier upload',
  presign: 'Requesting a presigned POST',
  upload: 'Uploading to S3',
  confirm: 'Confirming the upload',
  start: 'Starting executions',
  await: 'Waiting for the end of the executions',
  fetch: 'Fetching results',
  record: 'Writing the record',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
} as const satisfies Record<UploadProgress['step'], string>;

const LIMITED = 'EXECUTIONS_LIMITED' satisfies ErrorCode;

/** Keeps what people see of a run up to date: its progress, current details and search attributes. */
export class RunVisibility {
  readonly #request: CheckedRequest;
  #progress: UploadProgress = { step: 'presign', executions: [], presigns: 0 };
  #batches: readonly string[];
  #note: string | undefined;
  readonly #failing = new FailingSteps();
  /** Labels of the executions whose start waits until Aplos takes more. */
  #waiting: readonly string[] = [];
  #waitingSince = new Date(0);
  readonly #attributes = new RunAttributes();

  constructor(request: CheckedRequest) {
    this.#request = request;
    this.#batches = batchesOf(request);
    for (const [name, value] of requestAttributes(request)) this.#attributes.set(name, value);
    if (this.#batches.length > 0) this.#attributes.setList('AplosBatch', this.#batches);
    this.#attributes.save();
  }

  get request(): CheckedRequest {
    return this.#request;
  }

  get fileName(): string {
    return this.#request.fileName;
  }

  get progress(): UploadProgress {
    return this.#progress;
  }

  /** Batches that the run counts for. */
  get batches(): readonly string[] {
    return this.#batches;
  }

  /** Makes the run count for another batch. */
  addBatch({ batch, requestedBy }: AddBatch): void {
    if (this.#batches.includes(batch)) return;
    if (this.#batches.length >= MAX_BATCHES) {
      log.warn('Ignored a batch, because the run counts for too many', { batch, requestedBy });
      return;
    }
    this.#batches = [...this.#batches, batch];
    this.#attributes.setList('AplosBatch', this.#batches);
    this.#attributes.save();
    log.info('Asked for in another batch', { fileName: this.fileName, batch, requestedBy });
    this.#update({}, this.#note);
  }

  findingEarlierUpload(): void {
    this.#update({ step: 'find' });
  }

  earlierUploadFound(receipt: Receipt): void {
    this.#showFile('find', receipt, receipt.sizeBytes);
    this.#showExecutions(receipt.executions);
  }

  presigning(): void {
    this.#update({ step: 'presign', presigns: this.#progress.presigns + 1 });
  }

  uploading(file: FileRef, sizeBytes: number | undefined): void {
    this.#showFile('upload', file, sizeBytes);
  }

  /** Shows that no worker serves the host that has the file. Called after each check that finds none. */
  hostHasNoWorker(host: string, nextCheck: Date): void {
    if (this.#progress.missingHost === undefined) this.#showCode('HOST_WITHOUT_WORKER' satisfies ErrorCode);
    this.#update({ missingHost: host }, hostHasNoWorkerNote(host, nextCheck));
  }

  /** Clears what {@link hostHasNoWorker} shows. */
  hostHasWorker(): void {
    if (this.#progress.missingHost === undefined) return;
    this.#showCode(null);
    this.#update({ missingHost: undefined });
  }

  /** Shows that a step fails again and again, with its last error, until the step ends. */
  stepFails(report: FailingStep): void {
    const before = this.#failing.code;
    if (!this.#failing.add(report, this.#progress)) return;
    if (this.#failing.code !== before) this.#showCode(report.code);
    this.#update({}, this.#note);
  }

  confirming(): void {
    this.#update({ step: 'confirm' });
  }

  /** Shows that Aplos has the file of an `aplos:` source. */
  confirmed(file: FileRef, sizeBytes: number | undefined): void {
    this.#showFile('confirm', file, sizeBytes);
  }

  startingExecutions(): void {
    this.#update({ step: 'start' });
  }

  /** Shows that a start waits until Aplos takes more executions. Ignores labels that the run does not start. */
  startWaits(label: string): void {
    const { step, executions } = this.#progress;
    const isKnown = this.#request.executions.some((each, index) => executionLabel(each, index) === label);
    const isPending = step === 'start' && isKnown && !executions.some((each) => each.label === label);
    if (!isPending || this.#waiting.includes(label)) return;
    if (this.#waiting.length === 0) {
      this.#waitingSince = new Date();
      this.#showCode(LIMITED);
    }
    this.#waiting = [...this.#waiting, label];
    this.#update({}, this.#waitingNote);
  }

  executionStarted(execution: StartedExecution): void {
    const wasWaiting = this.#waiting.length > 0;
    this.#waiting = this.#waiting.filter((label) => label !== execution.label);
    if (wasWaiting && this.#waiting.length === 0) this.#attributes.set('AplosErrorCode', null);
    this.#showExecutions([...this.#progress.executions, execution]);
  }

  get #waitingNote(): string | undefined {
    return this.#waiting.length > 0 ? waitingNote(this.#waiting, this.#waitingSince) : undefined;
  }

  /** Shows that the run waits for the end of its executions. */
  awaitingExecutions(executions: readonly StartedExecution[]): void {
    this.#update({ step: 'await', executions }, awaitingNote());
  }

  /** Shows that an execution has ended, or that its results were fetched, while others may be at work. */
  executionCompleted(completed: StartedExecution): void {
    const executions = this.#progress.executions.map((each) =>
      each.label === completed.label ? completed : each,
    );
    const areAtWork = executions.some(({ completion }) => completion === undefined);
    const step = areAtWork || this.#request.results === undefined ? 'await' : 'fetch';
    this.#update({ executions, step }, step === 'await' ? awaitingNote() : undefined);
  }

  /** Shows that the run writes its record, and why it is about to fail if it is. */
  recording(failure?: { readonly code: string; readonly message: string }): void {
    this.#update({ step: 'record' }, failure && failedNote(failure.code, failure.message));
  }

  completed(): void {
    this.#attributes.save();
    this.#update({ step: 'done' });
  }

  failed(code: string, message: string): void {
    this.#showCode(code);
    this.#update({ step: 'failed' }, failedNote(code, message));
  }

  cancelled(): void {
    if (this.#waiting.length > 0) this.#attributes.set('AplosErrorCode', null);
    this.#attributes.save();
    this.#update({ step: 'cancelled' }, cancelledNote());
  }

  #showFile(step: UploadProgress['step'], { fileId }: FileRef, sizeBytes: number | undefined): void {
    if (fileId) this.#attributes.set('AplosFileId', fileId);
    this.#update({
      step,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(fileId ? { fileId } : {}),
    });
  }

  #showExecutions(executions: readonly StartedExecution[]): void {
    if (executions.length === 0) return;
    const ids = executions.map(({ executionId }) => executionId);
    this.#attributes.setList('AplosExecutionIds', ids);
    // Saved once for all starts that end in the same workflow task.
    void Promise.resolve().then(() => this.#attributes.save());
    this.#update({ executions }, this.#waitingNote);
  }

  #showCode(code: string | null): void {
    this.#attributes.set('AplosErrorCode', code);
    this.#attributes.save();
  }

  #update(changes: Partial<UploadProgress>, note?: string): void {
    this.#progress = { ...this.#progress, ...changes };
    if (this.#failing.remove(this.#progress) && changes.step !== 'failed')
      this.#showCode(this.#waiting.length > 0 ? LIMITED : null);
    this.#note = note;
    setCurrentDetails(this.#markdown([note, this.#failing.note].filter(Boolean).join('\n\n') || undefined));
    const { step, ...facts } = this.#progress;
    log.info(headings[step], { fileName: this.#request.fileName, ...facts, ...(note ? { note } : {}) });
  }

  #markdown(note: string | undefined): string {
    const { step, fileId, sizeBytes, executions, presigns } = this.#progress;
    const { fileName, source, host, profile, executions: requested } = this.#request;
    return [
      `### ${headings[step]}: ${escapeMarkdown(fileName)}`,
      ...(note ? ['', note] : []),
      '',
      `- Source: ${escapeMarkdown(shownSource(source))}${sizeBytes === undefined ? '' : `, ${sizeBytes.toLocaleString('en')} bytes`}`,
      ...(host === undefined ? [] : [`- Host: ${escapeMarkdown(host)}`]),
      `- Profile: ${escapeMarkdown(profile)}`,
      ...(this.#batches.length > 0 ? [`- Batch: ${this.#batches.map(escapeMarkdown).join(', ')}`] : []),
      ...(fileId ? [`- File id: ${escapeMarkdown(fileId)}`] : []),
      ...(presigns > 1 ? [`- Presigned ${presigns} times`] : []),
      `- Executions: ${executions.length} of ${requested.length} started`,
      ...executions.map(
        (execution) =>
          `  - ${escapeMarkdown(execution.label)}: ${escapeMarkdown(execution.executionId)} (${escapeMarkdown(executionStatus(execution))})${(execution.packages ?? []).map(({ location }) => `, results in ${escapeMarkdown(location)}`).join('')}`,
      ),
    ].join('\n');
  }
}
