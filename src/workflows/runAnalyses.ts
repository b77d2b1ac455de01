import { workflowInfo } from '@temporalio/workflow';
import { executionLabel } from '../contract/names.js';
import { priorityFor } from '../contract/priority.js';
import type { StartedExecution } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import type { FileRef, Timed } from '../contract/steps.js';
import { startExecution, summaries } from './activities.js';
import type { RunVisibility } from './visibility.js';

/** A file that Aplos has. */
export interface AnalysisFile {
  readonly file: FileRef;
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string;
}

/**
 * Starts the executions of a stored file in parallel. If a start fails, the others are completed before the error is thrown.
 *
 * @returns the executions in the order of the request
 */
export async function runAnalyses(
  { profile, fileName, batch, executions }: UploadRequest,
  { file, sha256 }: AnalysisFile,
  visibility: RunVisibility,
): Promise<Timed<StartedExecution>[]> {
  const { runId, firstExecutionRunId } = workflowInfo();
  const wasReset = runId !== firstExecutionRunId;
  const priority = priorityFor({ profile, batch }).started;
  visibility.startingExecutions();
  const starts = await Promise.allSettled(
    executions.map(async ({ label: given, ...execution }, index) => {
      const label = executionLabel({ label: given }, index);
      const started = await startExecution.executeWithOptions(
        { summary: summaries.startExecution({ fileName }, label), priority },
        [{ profile, fileName, file, sha256, label, execution, wasReset }],
      );
      visibility.executionStarted(started);
      return started;
    }),
  );
  return starts.map((start) => {
    if (start.status === 'rejected') throw start.reason;
    return start.value;
  });
}
