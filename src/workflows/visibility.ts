import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { log, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { hostTaskQueue } from '../contract/names.js';
import type { StartedExecution, UploadProgress } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import { shownSource } from '../contract/source.js';
import type { PresignResult } from '../contract/steps.js';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const attributes = {
  profile: keyword('AplosProfile'),
  fileName: keyword('AplosFileName'),
  fileId: keyword('AplosFileId'),
  batch: keyword('AplosBatch'),
  requestedBy: keyword('AplosRequestedBy'),
  errorCode: keyword('AplosErrorCode'),
  executionIds: defineSearchAttributeKey('AplosExecutionIds', SearchAttributeType.KEYWORD_LIST),
};

const howToGoOn = () =>
  `Once the cause is mended, this goes on from the step that was not done, and keeps the finished ones:\n\n    aplos-upload replay "${workflowInfo().workflowId}"`;

const whatToDoAbout = (host: string, nextLook: Date) =>
  `**Waits for a worker on \`${host}\`**, which has the file: nobody there asks for work on the task queue \`${hostTaskQueue(host)}\`. Start one on that host, and this goes on by itself:

    APLOS_UPLOAD_HOST=${host} aplos-upload worker

(As of ${inMinutes(new Date())}; looks again at ${inMinutes(nextLook)}. \`aplos-upload status\` looks at once.)`;

const inMinutes = (time: Date) => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const headings = {
  presign: 'Asking Aplos for a place to upload to',
  upload: 'Uploading to S3',
  confirm: 'Confirming that the file arrived whole',
  start: 'Starting the executions',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
} as const satisfies Record<UploadProgress['step'], string>;

/** What a person sees of a run: its progress, current details and search attributes. */
export class RunVisibility {
  readonly #request: UploadRequest;
  #progress: UploadProgress = { step: 'presign', executions: [], presigns: 0 };

  constructor(request: UploadRequest) {
    this.#request = request;
    const { profile, fileName, batch, requestedBy } = request;
    upsertSearchAttributes([
      { key: attributes.profile, value: profile },
      { key: attributes.fileName, value: fileName },
      ...(batch ? [{ key: attributes.batch, value: batch }] : []),
      ...(requestedBy ? [{ key: attributes.requestedBy, value: requestedBy }] : []),
    ]);
  }

  get fileName(): string {
    return this.#request.fileName;
  }

  get progress(): UploadProgress {
    return this.#progress;
  }

  presigning(): void {
    this.#tell({ step: 'presign', presigns: this.#progress.presigns + 1 });
  }

  uploading({ file, sizeBytes }: PresignResult): void {
    if (file.fileId) upsertSearchAttributes([{ key: attributes.fileId, value: file.fileId }]);
    this.#tell({
      step: 'upload',
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(file.fileId ? { fileId: file.fileId } : {}),
    });
  }

  /** No worker serves the host that has the file. Told anew at each look. */
  hostIsMissing(host: string, nextLook: Date): void {
    if (this.#progress.missingHost === undefined)
      upsertSearchAttributes([{ key: attributes.errorCode, value: 'HOST_WITHOUT_WORKER' }]);
    this.#tell({ missingHost: host }, whatToDoAbout(host, nextLook));
  }

  hostIsServed(): void {
    if (this.#progress.missingHost === undefined) return;
    upsertSearchAttributes([{ key: attributes.errorCode, value: null }]);
    this.#tell({ missingHost: undefined });
  }

  confirming(): void {
    this.#tell({ step: 'confirm' });
  }

  starting(): void {
    this.#tell({ step: 'start' });
  }

  started(execution: StartedExecution): void {
    const executions = [...this.#progress.executions, execution];
    const ids = executions.map(({ executionId }) => executionId);
    upsertSearchAttributes([{ key: attributes.executionIds, value: asManyAsFit(ids) }]);
    this.#tell({ executions });
  }

  done(): void {
    this.#tell({ step: 'done' });
  }

  failed(code: string, message: string): void {
    upsertSearchAttributes([{ key: attributes.errorCode, value: code }]);
    this.#tell({ step: 'failed' }, `**${code}**: ${message}\n\n${howToGoOn()}`);
  }

  cancelled(): void {
    this.#tell({ step: 'cancelled' }, `Nothing more happens in this run.\n\n${howToGoOn()}`);
  }

  #tell(news: Partial<UploadProgress>, remark?: string): void {
    this.#progress = { ...this.#progress, ...news };
    setCurrentDetails(this.#markdown(remark));
    const { step, ...facts } = this.#progress;
    log.info(headings[step], { fileName: this.#request.fileName, ...facts, ...(remark ? { remark } : {}) });
  }

  #markdown(remark: string | undefined): string {
    const { step, fileId, sizeBytes, executions, presigns } = this.#progress;
    const { fileName, source, host, profile, executions: wanted } = this.#request;
    return [
      `### ${headings[step]}: ${fileName}`,
      ...(remark ? ['', remark] : []),
      '',
      `- Source: \`${shownSource(source)}\`${sizeBytes === undefined ? '' : `, ${sizeBytes.toLocaleString('en')} bytes`}`,
      ...(host === undefined ? [] : [`- On the host: ${host}`]),
      `- Profile: ${profile}`,
      ...(fileId ? [`- File id: \`${fileId}\``] : []),
      ...(presigns > 1 ? [`- Presigned ${presigns} times`] : []),
      `- Executions: ${executions.length} of ${wanted.length} started`,
      ...executions.map(({ label, executionId, status }) => `  - ${label}: \`${executionId}\` (${status})`),
    ].join('\n');
  }
}

/** Temporal terminates a workflow that sets a search attribute of more bytes. */
const MAX_ATTRIBUTE_BYTES = 2048;

function asManyAsFit(ids: readonly string[]): string[] {
  const encoder = new TextEncoder();
  let bytes = 2;
  return ids.filter((id) => {
    bytes += encoder.encode(JSON.stringify(id)).length + 1;
    return bytes <= MAX_ATTRIBUTE_BYTES;
  });
}
