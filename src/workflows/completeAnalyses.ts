import { isCancellation } from '@temporalio/workflow';
import { completionTimeoutOf, destinationsOf, type Extended } from '../contract/extension.js';
import { priorityFor } from '../contract/priority.js';
import type { StartedExecution, StepRecord } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import type { StepTiming } from '../contract/steps.js';
import { awaitExecution, summaries } from './activities.js';
import { allSettled } from './all-settled.js';
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
 * @param current returns the request, which may be extended meanwhile
 * @param sha256 SHA-256 of the uploaded file, in hex
 */
export async function completeAnalyses(
  current: () => Extended<UploadRequest>,
  sha256: string,
  started: readonly StartedExecution[],
  visibility: RunVisibility,
): Promise<CompletedAnalyses> {
  const request = current();
  if (request.until !== 'completed' || started.length === 0) return { executions: started, steps: [] };
  visibility.awaitingExecutions(started);
  const fetchPackage = packageFetcher({ ...request, sha256 }, visibility);
  const inProgress = new Map<string, Promise<CompletedAnalysis>>();
  const analyses = started.map(({ packages: _ofEarlierRun, ...execution }, index) => ({
    execution: execution as StartedExecution,
    configuration: request.executions[index]?.configuration,
    steps: [] as StepRecord[],
  }));
  type Analysis = (typeof analyses)[number];
  const isComplete = ({ execution: { packages = [] } }: Analysis) =>
    packages.length === destinationsOf(current()).length;
  do {
    await allSettled(analyses.map(carryOn), isCancellation);
  } while (!analyses.every(isComplete));
  return {
    executions: analyses.map(({ execution }) => execution),
    steps: analyses.flatMap(({ steps }) => steps),
  };

  async function carryOn(analysis: Analysis): Promise<void> {
    const { executionId, label } = analysis.execution;
    const completing = inProgress.get(executionId) ?? completeAnalysis(current(), analysis.execution);
    inProgress.set(executionId, completing);
    const { changes, steps } = await completing;
    if (!analysis.execution.completion) {
      analysis.execution = { ...analysis.execution, ...changes };
      analysis.steps.push(...steps.map((step) => ({ ...step, label })));
      visibility.executionCompleted(analysis.execution);
    }
    for (;;) {
      const { packages = [] } = analysis.execution;
      const destination = destinationsOf(current())[packages.length];
      if (!destination) return;
      const { configuration } = analysis;
      const { ran, ...fetched } = await fetchPackage({ executionId, label, configuration }, destination);
      analysis.execution = { ...analysis.execution, packages: [...packages, fetched] };
      analysis.steps.push({ step: 'fetch', label, ...ran });
      visibility.executionCompleted(analysis.execution);
    }
  }
}

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
