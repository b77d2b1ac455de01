import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { log, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ErrorCode } from '../contract/error-table.js';
import { hostTaskQueue } from '../contract/names.js';
import type { StartedExecution, UploadProgress } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import {
  type KeywordName,
  requestAttributes,
  type SearchAttributeName,
} from '../contract/search-attributes.js';
import { shownSource } from '../contract/source.js';
import type { FileRef } from '../contract/steps.js';

const keyword = (name: KeywordName) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const keywordList = (name: Exclude<SearchAttributeName, KeywordName>) =>
  defineSearchAttributeKey(name, SearchAttributeType.KEYWORD_LIST);
const attributes = {
  fileId: keyword('AplosFileId'),
  errorCode: keyword('AplosErrorCode'),
  executionIds: keywordList('AplosExecutionIds'),
};

const replayCommand = () => `    aplos-upload replay "${workflowInfo().workflowId}"`;

const failedNote = (code: string, message: string) => `**${code}**: ${message}

After fixing the cause, continue from the failed step with:

${replayCommand()}`;

const cancelledNote = () => `This run was cancelled. To continue it from the step that did not finish:

${replayCommand()}`;

const hostHasNoWorkerNote = (host: string, nextCheck: Date) =>
  `**Waiting for a worker on \`${host}\`**, the host that has the file: no worker polls the task queue \`${hostTaskQueue(host)}\`. The upload continues once you start one on that host:

    APLOS_UPLOAD_HOST=${host} aplos-upload worker

(Checked at ${toMinutes(new Date())}. The next check is at ${toMinutes(nextCheck)}; \`aplos-upload status\` checks immediately.)`;

const toMinutes = (time: Date) => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const headings = {
  presign: 'Requesting a presigned POST',
  upload: 'Uploading to S3',
  confirm: 'Confirming the upload',
  start: 'Starting executions',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
} as const satisfies Record<UploadProgress['step'], string>;

/** Keeps what people see of a run up to date: its progress, current details and search attributes. */
export class RunVisibility {
  readonly #request: UploadRequest;
  #progress: UploadProgress = { step: 'presign', executions: [], presigns: 0 };

  constructor(request: UploadRequest) {
    this.#request = request;
    upsertSearchAttributes(
      requestAttributes(request).map(([name, value]) => ({ key: keyword(name), value })),
    );
  }

  get fileName(): string {
    return this.#request.fileName;
  }

  get progress(): UploadProgress {
    return this.#progress;
  }

  presigning(): void {
    this.#update({ step: 'presign', presigns: this.#progress.presigns + 1 });
  }

  uploading({ fileId }: FileRef, sizeBytes: number | undefined): void {
    if (fileId) upsertSearchAttributes([{ key: attributes.fileId, value: fileId }]);
    this.#update({
      step: 'upload',
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(fileId ? { fileId } : {}),
    });
  }

  /** Shows that no worker serves the host that has the file. Called after each check that finds none. */
  hostHasNoWorker(host: string, nextCheck: Date): void {
    if (this.#progress.missingHost === undefined)
      upsertSearchAttributes([
        { key: attributes.errorCode, value: 'HOST_WITHOUT_WORKER' satisfies ErrorCode },
      ]);
    this.#update({ missingHost: host }, hostHasNoWorkerNote(host, nextCheck));
  }

  /** Clears what {@link hostHasNoWorker} shows. */
  hostHasWorker(): void {
    if (this.#progress.missingHost === undefined) return;
    upsertSearchAttributes([{ key: attributes.errorCode, value: null }]);
    this.#update({ missingHost: undefined });
  }

  confirming(): void {
    this.#update({ step: 'confirm' });
  }

  startingExecutions(): void {
    this.#update({ step: 'start' });
  }

  executionStarted(execution: StartedExecution): void {
    const executions = [...this.#progress.executions, execution];
    const ids = executions.map(({ executionId }) => executionId);
    upsertSearchAttributes([{ key: attributes.executionIds, value: withinLimit(ids) }]);
    this.#update({ executions });
  }

  completed(): void {
    this.#update({ step: 'done' });
  }

  failed(code: string, message: string): void {
    upsertSearchAttributes([{ key: attributes.errorCode, value: code }]);
    this.#update({ step: 'failed' }, failedNote(code, message));
  }

  cancelled(): void {
    this.#update({ step: 'cancelled' }, cancelledNote());
  }

  #update(changes: Partial<UploadProgress>, note?: string): void {
    this.#progress = { ...this.#progress, ...changes };
    setCurrentDetails(this.#markdown(note));
    const { step, ...facts } = this.#progress;
    log.info(headings[step], { fileName: this.#request.fileName, ...facts, ...(note ? { note } : {}) });
  }

  #markdown(note: string | undefined): string {
    const { step, fileId, sizeBytes, executions, presigns } = this.#progress;
    const { fileName, source, host, profile, executions: requested } = this.#request;
    return [
      `### ${headings[step]}: ${fileName}`,
      ...(note ? ['', note] : []),
      '',
      `- Source: \`${shownSource(source)}\`${sizeBytes === undefined ? '' : `, ${sizeBytes.toLocaleString('en')} bytes`}`,
      ...(host === undefined ? [] : [`- Host: ${host}`]),
      `- Profile: ${profile}`,
      ...(fileId ? [`- File id: \`${fileId}\``] : []),
      ...(presigns > 1 ? [`- Presigned ${presigns} times`] : []),
      `- Executions: ${executions.length} of ${requested.length} started`,
      ...executions.map(({ label, executionId, status }) => `  - ${label}: \`${executionId}\` (${status})`),
    ].join('\n');
  }
}

/** Temporal terminates a workflow that sets a larger search attribute. */
const MAX_ATTRIBUTE_BYTES = 2048;

/** Returns as many ids as fit into a search attribute. */
function withinLimit(ids: readonly string[]): string[] {
  const encoder = new TextEncoder();
  let bytes = 2;
  return ids.filter((id) => {
    bytes += encoder.encode(JSON.stringify(id)).length + 1;
    return bytes <= MAX_ATTRIBUTE_BYTES;
  });
}
