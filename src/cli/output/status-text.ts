import type { PendingStep, UploadStatus } from '../../client.js';
import { executionProgressText } from '../../contract/execution-progress.js';
import { bytes, count, duration } from '../../util/units.js';
import { out } from './colors.js';
import { missingHostWorkerText, missingWorkerText } from './missing-workers.js';
import { table } from './table.js';

const HEADINGS = ['FILE', 'STATE', 'SENT', 'TRIES', 'AGE', 'ID'];

const steps = new Map(
  Object.entries({
    checkRequest: 'checking',
    findEarlierUpload: 'checking the earlier upload',
    presignUpload: 'presigning',
    uploadFile: 'uploading',
    confirmUpload: 'confirming',
    confirmStoredFile: 'confirming',
    startExecution: 'starting',
    awaitExecution: 'waiting for results',
    fetchResults: 'fetching results',
  }),
);

/** Returns the name of a step for people, e.g. `uploading`. */
export const describeStep = (activity: string): string => steps.get(activity) ?? activity;

/**
 * Returns a table of uploads, with executions and last error of each upload under its row.
 *
 * @param names name of each upload, in order. Default: that of its file
 */
export function statusLines(uploads: readonly UploadStatus[], names: readonly string[] = []): string[] {
  const [heading = '', ...rows] = table([
    HEADINGS,
    ...uploads.map((upload, index) => cells(upload, names[index])),
  ]);
  return [
    out.dim(heading),
    ...uploads.flatMap((upload, index) => [
      rows[index] ?? '',
      ...detailLines(upload).map((line) => `  ${line}`),
    ]),
    ...limitLines(uploads),
  ];
}

function cells(upload: UploadStatus, name = upload.fileName): string[] {
  const { workflowId, state, pending, startedAt } = upload;
  return [
    out.bold(name ?? '(unknown)'),
    colored(state, describeState(upload)),
    sent(pending),
    pending.length > 0 ? String(Math.max(...pending.map(({ attempt }) => attempt))) : '',
    duration(Date.now() - startedAt.getTime()),
    workflowId,
  ];
}

function describeState({ state, pending, hasWorker, pinnedTo }: UploadStatus): string {
  if (state !== 'running') return state;
  const [first] = pending;
  if (hasWorker === false) return waitingForWorker({ pinnedTo });
  if (!first) return 'waiting for a worker';
  if (first.hostHasWorker === false) return waitingForHost(first);
  if (isLimited(first)) return `waiting for Aplos, next try ${timeOf(first.nextAttemptAt)}`;
  if (first.execution && first.nextAttemptAt)
    return `${describeStep(first.activity)}, next check in ${timeUntil(first.nextAttemptAt)}`;
  if (first.nextAttemptAt)
    return `${describeStep(first.activity)}, retry in ${timeUntil(first.nextAttemptAt)}`;
  if (first.isRunning) return describeStep(first.activity);
  return `${describeStep(first.activity)}, queued${first.host ? ` on ${first.host}` : ''}`;
}

/** Returns the state of an upload that no worker serves. */
export const waitingForWorker = ({
  pinnedTo,
}: {
  readonly pinnedTo?: UploadStatus['pinnedTo'] | undefined;
}): string => `waiting for a worker${pinnedTo ? ` of version ${pinnedTo.buildId}` : ''}`;

/** Returns the state of a step whose host has no worker. */
export const waitingForHost = ({ host }: PendingStep): string => `waiting for a worker on ${host}`;

/** Reports whether a start waits until Aplos takes more executions. */
const isLimited = (step: PendingStep): step is PendingStep & { readonly nextAttemptAt: Date } =>
  step.nextAttemptAt !== undefined && step.lastFailure?.code === 'EXECUTIONS_LIMITED';

/** Returns the line about all starts that wait until Aplos takes more executions. */
function limitLines(uploads: readonly UploadStatus[]): string[] {
  const waiting = uploads.filter(({ pending }) => pending.some(isLimited));
  const [next] = waiting
    .flatMap(({ pending }) => pending.filter(isLimited))
    .sort((a, b) => a.nextAttemptAt.getTime() - b.nextAttemptAt.getTime());
  if (!next) return [];
  const reason = oneLine(next.lastFailure?.message ?? '').replace(/^.*?\((.*)\); next try .*$/, '$1');
  return [
    '',
    `${out.yellow('EXECUTIONS_LIMITED')}: Aplos takes no more executions at present; next try ${timeOf(next.nextAttemptAt)}. ${count(waiting.length, 'upload waits', 'uploads wait')} (${reason}).`,
  ];
}

const timeOf = (at: Date) => `${at.toISOString().slice(11, 16)} UTC`;

const timeUntil = (at: Date) => duration(Math.max(1000, at.getTime() - Date.now()));

function colored(state: UploadStatus['state'], text: string): string {
  if (state === 'done') return out.green(text);
  return state === 'running' ? out.cyan(text) : out.red(text);
}

function sent(pending: readonly PendingStep[]): string {
  const upload = pending.find(({ heartbeat }) => heartbeat);
  if (!upload?.heartbeat) return '';
  const { bytesSent, totalBytes } = upload.heartbeat;
  const rate = upload.bytesPerSecond === undefined ? '' : ` ${bytes(upload.bytesPerSecond)}/s`;
  return `${Math.floor((100 * bytesSent) / totalBytes)}%${rate}`;
}

function detailLines(upload: UploadStatus): string[] {
  const { executionIds, failure, pending, hasWorker, correctedBy = [] } = upload;
  return [
    ...(hasWorker === false ? [`${out.yellow('WORKER_MISSING')}: ${missingWorkerText(upload)}`] : []),
    ...executionIds.map((id) => executionLine(id, pending)),
    ...(failure ? [`${out.red(failure.code)}: ${oneLine(failure.message)}`] : []),
    ...webhookLines(upload),
    ...correctedBy.map(({ workflowId }) => `corrected by ${workflowId}`),
    ...pending.flatMap(({ host, hostHasWorker }) =>
      host !== undefined && hostHasWorker === false
        ? [`${out.yellow('HOST_WITHOUT_WORKER')}: ${missingHostWorkerText(host)}`]
        : [],
    ),
    ...pending.flatMap((step) => {
      const { lastFailure } = step;
      return lastFailure && !isLimited(step)
        ? [`${out.yellow(lastFailure.code)}: ${oneLine(lastFailure.message)}`]
        : [];
    }),
  ];
}

/** Returns the line about an execution: with its progress, if the upload waits for it. */
function executionLine(id: string, pending: readonly PendingStep[]): string {
  const { execution } = pending.find((step) => step.execution?.executionId === id) ?? {};
  const progress = execution ? ` (${execution.label}): ${oneLine(executionProgressText(execution))}` : '';
  return out.dim(`execution ${id}${progress}`);
}

function webhookLines({ webhook }: UploadStatus): string[] {
  if (!webhook) return [];
  const { state, failure } = webhook;
  if (state === 'delivered') return [];
  if (state === 'sending') return ['webhook: not delivered yet, is being sent'];
  return [`webhook: ${out.red(failure?.code ?? '')}: ${oneLine(failure?.message ?? '')}`];
}

const oneLine = (message: string): string => message.replace(/\s*\n\s*/g, ' ');
