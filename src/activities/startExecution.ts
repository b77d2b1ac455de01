import { createHash } from 'node:crypto';
import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import type { ExecutionRecord } from '../aplos/api.js';
import { UploadError } from '../contract/errors.js';
import { canonicalJson } from '../contract/json.js';
import type { StartedExecution } from '../contract/receipt.js';
import type { StartInput } from '../contract/steps.js';
import type { ActivityDependencies } from './dependencies.js';
import { findExecution, unsettled } from './find-execution.js';

/**
 * Starts an execution unless an earlier attempt or run has started it. Cancellation takes effect before the call to Aplos, but not
 * during it, so that every execution that was charged is in the receipt.
 */
export const startExecution =
  ({ api, hasEarlierRuns, listDelaysMs }: ActivityDependencies) =>
  async (input: StartInput): Promise<StartedExecution> => {
    const { profile, fileName, label, file, execution } = input;
    const aplos = api(profile);
    const trackingId = trackingIdFor(input);
    const find = () => findExecution(aplos, fileName, trackingId, listDelaysMs);

    if (await mayHaveStartedBefore()) {
      const record = await find();
      if (record) return found(record);
    }
    try {
      const { executionId, status } = await aplos.startExecution(
        { file, execution, trackingId },
        cancellationSignal(),
      );
      return { label, executionId, status, trackingId, origin: 'started' };
    } catch (error) {
      if (!(error instanceof UploadError && error.mayHaveStarted)) throw error;
      const record = await find();
      if (record) return found(record);
      throw error.retryable ? error : unsettled(fileName, trackingId, error.happened);
    }

    async function mayHaveStartedBefore(): Promise<boolean> {
      const { attempt, workflowExecution } = activityInfo();
      const { workflowId = '', runId = '' } = workflowExecution ?? {};
      return attempt > 1 || input.wasReset || (await hasEarlierRuns(workflowId, runId));
    }

    function found({ executionId, status }: ExecutionRecord): StartedExecution {
      log.info('The execution was started before', { executionId, label });
      return { label, executionId, status, trackingId, origin: 'found' };
    }
  };

/** Returns the same id for the same work in every attempt and run, and another id for another file, label or configuration. */
function trackingIdFor({ sha256, label, execution }: StartInput): string {
  const workflowId = activityInfo().workflowExecution?.workflowId ?? '';
  const hash = createHash('sha256')
    .update(canonicalJson([workflowId, sha256, label, execution]))
    .digest('hex');
  return `${workflowId}#${hash.slice(0, 16)}`;
}
