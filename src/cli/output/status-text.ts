import type { PendingStep, UploadStatus } from '../../client.js';
import { bytes, duration } from '../../util/units.js';
import { out } from './colors.js';
import { startWorkerOnHost } from './missing-hosts.js';
import { table } from './table.js';

const HEADINGS = ['FILE', 'STATE', 'SENT', 'TRIES', 'AGE', 'ID'];

const steps: Record<string, string> = {
  checkRequest: 'checking',
  presignUpload: 'presigning',
  uploadFile: 'uploading',
  confirmUpload: 'confirming',
  startExecution: 'starting',
};

/** What a step is called while it runs. */
export const describeStep = (activity: string): string => steps[activity] ?? activity;

/** Uploads as a table, with the executions and the last error of each below its row. */
export function statusLines(uploads: readonly UploadStatus[]): string[] {
  const [heading = '', ...rows] = table([HEADINGS, ...uploads.map(cells)]);
  return [
    out.dim(heading),
    ...uploads.flatMap((upload, index) => [rows[index] ?? '', ...below(upload).map((line) => `  ${line}`)]),
  ];
}

function cells(upload: UploadStatus): string[] {
  const { workflowId, fileName, state, pending, startedAt } = upload;
  return [
    out.bold(fileName ?? '(not known yet)'),
    colored(state, stateInWords(upload)),
    sent(pending),
    pending.length > 0 ? String(Math.max(...pending.map(({ attempt }) => attempt))) : '',
    duration(Date.now() - startedAt.getTime()),
    workflowId,
  ];
}

function stateInWords({ state, pending }: UploadStatus): string {
  if (state !== 'running') return state;
  const [first] = pending;
  if (!first) return 'waiting for a worker';
  if (first.hostHasWorker === false) return waitingForHost(first);
  if (first.nextAttemptAt)
    return `${describeStep(first.activity)} again in ${inSeconds(first.nextAttemptAt)}`;
  if (first.isRunning) return describeStep(first.activity);
  return `${describeStep(first.activity)}, in the queue${first.host ? ` of ${first.host}` : ''}`;
}

/** What a step is at whose host has no worker. */
export const waitingForHost = ({ host }: PendingStep): string => `waiting for a worker on ${host}`;

const inSeconds = (at: Date) => duration(Math.max(1000, at.getTime() - Date.now()));

function colored(state: UploadStatus['state'], words: string): string {
  if (state === 'done') return out.green(words);
  return state === 'running' ? out.cyan(words) : out.red(words);
}

function sent(pending: readonly PendingStep[]): string {
  const upload = pending.find(({ heartbeat }) => heartbeat);
  if (!upload?.heartbeat) return '';
  const { bytesSent, totalBytes } = upload.heartbeat;
  const rate = upload.bytesPerSecond ? ` ${bytes(upload.bytesPerSecond)}/s` : '';
  return `${Math.floor((100 * bytesSent) / totalBytes)}%${rate}`;
}

function below({ executionIds, failure, pending }: UploadStatus): string[] {
  return [
    ...executionIds.map((id) => out.dim(`execution ${id}`)),
    ...(failure ? [`${out.red(failure.code)}: ${oneLine(failure.message)}`] : []),
    ...pending.flatMap(({ host, hostHasWorker }) =>
      host !== undefined && hostHasWorker === false
        ? [`${out.yellow('HOST_WITHOUT_WORKER')}: ${startWorkerOnHost(host)}`]
        : [],
    ),
    ...pending.flatMap(({ lastFailure }) =>
      lastFailure ? [`${out.yellow(lastFailure.code)}: ${oneLine(lastFailure.message)}`] : [],
    ),
  ];
}

const oneLine = (message: string): string => message.replace(/\s*\n\s*/g, ' ');
