import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import type { AplosApi, ExecutionRecord } from '../aplos/api.js';
import { UploadError } from '../contract/errors.js';
import { canonicalJson } from '../contract/json.js';
import type { StartedExecution } from '../contract/receipt.js';
import type { StartInput } from '../contract/steps.js';
import type { ActivityDependencies } from './dependencies.js';

/**
 * Starts one execution, once. It is cancelled before it asks the service to start, and not after: an execution
 * that was paid for is on the receipt.
 */
export const startExecution = (dependencies: ActivityDependencies) => (input: StartInput) =>
  startOnce(dependencies, input);

async function startOnce(
  { api, hasEarlierRuns, settleDelaysMs }: ActivityDependencies,
  input: StartInput,
): Promise<StartedExecution> {
  const { label, file, execution } = input;
  const service = api(input.profile);
  const trackingId = trackingIdFor(input);
  const lookForIt = () => findExecution(service, input.fileName, trackingId, settleDelaysMs);
  const found = (record: ExecutionRecord): StartedExecution => {
    log.info('The execution was started before', { executionId: record.executionId, label });
    return { label, executionId: record.executionId, status: record.status, trackingId, origin: 'found' };
  };

  const earlier = (await mayBeStarted()) ? await lookForIt() : undefined;
  if (earlier) return found(earlier);
  try {
    const { executionId, status } = await service.startExecution(
      { file, execution, trackingId },
      cancellationSignal(),
    );
    return { label, executionId, status, trackingId, origin: 'started' };
  } catch (error) {
    if (!(error instanceof UploadError && error.mayHaveStarted)) throw error;
    const started = await lookForIt();
    if (started) return found(started);
    throw error.retryable ? error : unsettled(input.fileName, trackingId, error.happened);
  }

  async function mayBeStarted(): Promise<boolean> {
    const { attempt, workflowExecution } = activityInfo();
    const { workflowId = '', runId = '' } = workflowExecution ?? {};
    return attempt > 1 || input.wasReset || (await hasEarlierRuns(workflowId, runId));
  }
}

/**
 * Looks for the execution in the service's list, again after each of the delays, as the list may lag behind. Only
 * the last look tells that there is none, so only that one has to succeed.
 */
async function findExecution(
  service: AplosApi,
  fileName: string,
  trackingId: string,
  delaysMs: readonly number[],
): Promise<ExecutionRecord | undefined> {
  for (const [index, delayMs] of delaysMs.entries()) {
    await sleep(delayMs);
    const isLast = index === delaysMs.length - 1;
    const records = await listExecutions(service, fileName, trackingId).catch((error: unknown) => {
      if (isLast || !passesByItself(error)) throw error;
      return [];
    });
    const own = records.find((record) => record.trackingId === trackingId);
    if (own) return own;
    if (records.length > 0 && !records.some(({ hasMetaData }) => hasMetaData)) {
      throw unsettled(fileName, trackingId, 'the service lists executions without their metadata');
    }
  }
  return undefined;
}

async function listExecutions(
  service: AplosApi,
  fileName: string,
  trackingId: string,
): Promise<readonly ExecutionRecord[]> {
  try {
    return await service.listExecutions();
  } catch (error) {
    if (!(error instanceof UploadError) || error.retryable || error.code.startsWith('LOGIN_')) throw error;
    throw unsettled(fileName, trackingId, error.happened);
  }
}

const passesByItself = (error: unknown) => error instanceof UploadError && error.retryable;

/** The same for the same work, whichever attempt, run or replay asks; another for another file or configuration. */
function trackingIdFor({ sha256, label, execution }: StartInput): string {
  const workflowId = activityInfo().workflowExecution?.workflowId ?? '';
  const work = createHash('sha256')
    .update(canonicalJson([workflowId, sha256, label, execution]))
    .digest('hex');
  return `${workflowId}#${work.slice(0, 16)}`;
}

const unsettled = (fileName: string, trackingId: string, why: string) =>
  new UploadError(
    'START_UNSETTLED',
    `Whether an execution of ${fileName} was started is not known: ${why}. Its tracking id is ${trackingId}`,
  );
