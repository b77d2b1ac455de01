import { isCancellation } from '@temporalio/workflow';
import { completionTimeoutOf } from '../contract/extension.js';
import { priorityFor } from '../contract/priority.js';
import type { StartedExecution, StepRecord } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import type { StepTiming } from '../contract/steps.js';
import { awaitExecution, summaries } from './activities.js';
import { completionFailure } from './failures.js';
import { packageFetcher } from './fetchPackages.js';
import type { RunVisibility } from './visibility.js';

/** Executions that were carried as far as the request asks, and the steps that did it. */
export interface CompletedAnalyses {
  /** In the order of the request. */
  readonly executions: readonly StartedExecution[];
  readonly steps: readonly StepRecord[];
}

/**
 * Waits for the end of the executions, side by side, and fetches their results, as far as the request asks for it. All are carried
 * to their end before the first failure is thrown, so that nothing that succeeded is lost. An execution with several labels is
 * waited for once, and one that an earlier run saw to its end not at all.
 *
 * @param sha256 SHA-256 of the uploaded file, in hex
 */
export async function completeAnalyses(
  request: UploadRequest,
  sha256: string,
  started: readonly StartedExecution[],
  visibility: RunVisibility,
): Promise<CompletedAnalyses> {
  if (request.until !== 'completed' || started.length === 0) return { executions: started, steps: [] };
  visibility.awaitingExecutions(started);
  const fetchPackage = packageFetcher({ ...request, sha256 }, visibility);
  const inProgress = new Map<string, Promise<CompletedAnalysis>>();
  const outcomes = await Promise.allSettled(
    started.map(async (execution, index) => {
      const completing = inProgress.get(execution.executionId) ?? completeAnalysis(request, execution);
      inProgress.set(execution.executionId, completing);
      const { changes, steps } = await completing;
      const completed = { ...execution, ...changes };
      visibility.executionCompleted(completed);
      const { label } = execution;
      const labelled: StepRecord[] = steps.map((step) => ({ ...step, label }));
      const { results, unpackResults } = request;
      if (results === undefined) return { completed, steps: labelled };
      const { configuration } = request.executions[index] ?? {};
      const { ran, ...fetched } = await fetchPackage(
        { ...completed, ...(configuration === undefined ? {} : { configuration }) },
        { results, unpackResults },
      );
      const withResults = { ...completed, packages: [fetched] };
      visibility.executionCompleted(withResults);
      return { completed: withResults, steps: [...labelled, { step: 'fetch' as const, label, ...ran }] };
    }),
  );
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length > 0) throw failures.find(isCancelled) ?? failures[0];
  const done = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  return {
    executions: done.map(({ completed }) => completed),
    steps: done.flatMap(({ steps }) => steps),
  };
}

const isCancelled = (error: unknown) => error instanceof Error && isCancellation(error);

/** What the phase adds to the receipt of one execution. */
interface CompletedAnalysis {
  readonly changes: Partial<StartedExecution>;
  readonly steps: readonly (StepTiming & Pick<StepRecord, 'step'>)[];
}

/** Carries one execution to its end. */
async function completeAnalysis(
  request: UploadRequest,
  { label, executionId, completion: earlier }: StartedExecution,
): Promise<CompletedAnalysis> {
  if (earlier) return { changes: {}, steps: [] };
  const { profile, fileName } = request;
  const options = {
    summary: summaries.awaitExecution(request, label),
    priority: priorityFor(request).started,
    scheduleToCloseTimeout: completionTimeoutOf(request) * 1000,
  };
  try {
    const { ran, ...completion } = await awaitExecution.executeWithOptions(options, [
      { profile, fileName, label, executionId },
    ]);
    return { changes: { completion }, steps: [{ step: 'await', ...ran }] };
  } catch (error) {
    throw completionFailure(error, `Execution ${executionId} (${label}) of ${fileName}`);
  }
}
