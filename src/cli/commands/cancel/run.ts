import {
  type CancelledExecution,
  type CancelOutcome,
  UploadClient,
  type UploadSummary,
} from '../../../client.js';
import { count } from '../../../util/units.js';
import { confirmed } from '../../input/confirm.js';
import { idOfEach } from '../../input/find-uploads.js';
import { finishBeforeExit } from '../../output/closed-output.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode } from '../../output/errors.js';
import { cancelRecord } from '../../output/records.js';
import { print, printJson } from '../../output/terminal.js';

/** Options of `aplos-upload cancel`. */
export interface CancelCommandOptions {
  readonly batch?: string;
  readonly executions?: true;
  readonly yes?: true;
  readonly json?: true;
}

/**
 * Cancels the uploads that references or a batch select, and prints the outcome of each.
 *
 * @param references ids, file names, paths, or URLs of the Temporal UI
 */
export async function cancel(references: readonly string[], options: CancelCommandOptions): Promise<void> {
  const { batch, executions = false, yes, json } = options;
  if (batch !== undefined && references.length > 0)
    throw new BadInputError(['Names and --batch cannot be combined. Select uploads by one of them.']);
  if (batch === undefined && references.length === 0)
    throw new BadInputError(['No uploads are selected. Give their names or ids, or --batch NAME.']);
  const client = await UploadClient.connect();
  try {
    if (batch === undefined) {
      const ids = await idOfEach(client, references, isRunning);
      return await finishBeforeExit(cancelEach(client, ids, options));
    }
    const uploads = await listed(client, batch, executions);
    if (uploads.length === 0)
      return print(...(json ? [] : ['Nothing to cancel: no upload of the batch is running.']));
    if (!yes && !(await confirm(uploads, executions))) return print('Nothing was cancelled.');
    const ids = uploads.map(({ workflowId }) => workflowId);
    await finishBeforeExit(cancelEach(client, ids, options));
  } finally {
    await client.close();
  }
}

/** Returns the uploads of a batch that can be cancelled, or whose executions can. */
async function listed(client: UploadClient, batch: string, executions: boolean): Promise<UploadSummary[]> {
  const uploads = [];
  for await (const upload of client.list({ batch }))
    if (isRunning(upload) || (executions && upload.executionIds.length > 0)) uploads.push(upload);
  return uploads;
}

/** A file name stands for its upload that is running. */
const isRunning = ({ state }: UploadSummary): boolean => state === 'running';

function confirm(uploads: readonly UploadSummary[], executions: boolean): Promise<boolean> {
  const running = uploads.filter(isRunning).length;
  const started = uploads.reduce((sum, { executionIds }) => sum + executionIds.length, 0);
  const parts = [
    ...(running > 0 ? [count(running, 'running upload')] : []),
    ...(executions
      ? [`the executions of ${count(uploads.length, 'upload')} (${started.toLocaleString('en')} so far)`]
      : []),
  ];
  const question = `Cancel ${parts.join(' and ')}?`;
  return confirmed(question, `${question} Nothing was done. Add --yes to cancel without a question.`);
}

async function cancelEach(
  client: UploadClient,
  workflowIds: readonly string[],
  { executions, json }: CancelCommandOptions,
): Promise<void> {
  for await (const outcome of client.cancelMany(workflowIds, { executions })) {
    if (json) printJson(cancelRecord(outcome));
    else print(...outcomeLines(outcome));
    const isLeft = outcome.executions?.some(
      (each) => each.outcome === 'not-cancelled' || each.outcome === 'unknown',
    );
    if (outcome.state === 'cancelling' || isLeft) process.exitCode = ExitCode.failed;
  }
}

/** Returns an outcome as lines for people. */
function outcomeLines({ workflowId, fileName = workflowId, ...outcome }: CancelOutcome): string[] {
  return [
    `${out.bold(fileName)}: ${stateText(outcome)}`,
    ...(outcome.executions ?? []).map(
      (each) => `  ${each.executionId}  ${each.label}: ${executionText(each)}`,
    ),
  ];
}

function stateText({ state, wasRunning }: Pick<CancelOutcome, 'state' | 'wasRunning'>): string {
  if (state === 'cancelling')
    return out.yellow(
      'the cancellation is requested, and takes effect once a worker runs. Then cancel again for its executions',
    );
  if (state === 'cancelled') return out.green(wasRunning ? 'cancelled' : 'was cancelled before');
  return wasRunning ? `ended before the cancellation: ${state}` : `had ended: ${state}`;
}

function executionText({ outcome, status, reason }: CancelledExecution): string {
  switch (outcome) {
    case 'cancelled':
      return out.green('cancelled');
    case 'ended':
      return `had ended: ${status ?? 'no status'}`;
    case 'not-cancelled':
      return `${out.red('not cancelled')} (${status ?? 'no status'}): ${reason ?? 'no reason'}`;
    case 'unknown':
      return `${out.yellow('not known')}: ${reason ?? 'no reason'}`;
  }
}
