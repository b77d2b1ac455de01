import { canonicalJson } from '../contract/json.js';
import { executionLabel } from '../contract/names.js';
import { priorityFor } from '../contract/priority.js';
import type { StartedExecution, StepRecord } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import type { Timed } from '../contract/steps.js';
import { startExecution, summaries } from './activities.js';
import { allSettled } from './all-settled.js';
import { mayHaveStarted } from './failures.js';
import { runStartedAt } from './run-started-at.js';
import type { StoredFile } from './storeFile.js';
import type { RunVisibility } from './visibility.js';

/** Executions that were started, and the steps that started them. */
export interface StartedAnalyses {
  readonly executions: readonly StartedExecution[];
  readonly steps: readonly StepRecord[];
}

/**
 * Starts the executions of a stored file in parallel. If a start fails, the others are completed before the error is thrown. An
 * error that leaves open whether an execution was started comes first.
 * Executions of a request that are the same analysis under several labels are started once.
 *
 * @returns the executions, and the steps that started them, in the order of the request
 */
export async function runAnalyses(
  { profile, fileName, batch, executions }: UploadRequest,
  { file, sha256 }: Pick<StoredFile, 'file' | 'sha256'>,
  visibility: RunVisibility,
): Promise<StartedAnalyses> {
  const priority = priorityFor({ profile, batch }).started;
  const inProgress = new Map<string, Promise<Timed<StartedExecution>>>();
  visibility.startingExecutions();
  const started = await allSettled(
    executions.map(async ({ label: given, ...execution }, index) => {
      const label = executionLabel({ label: given }, index);
      const analysis = canonicalJson(execution);
      const start =
        inProgress.get(analysis) ??
        startExecution.executeWithOptions(
          { summary: summaries.startExecution({ fileName }, label), priority },
          [{ profile, fileName, file, sha256, label, execution, runStartedAt: runStartedAt() }],
        );
      const isSame = inProgress.has(analysis);
      inProgress.set(analysis, start);
      const one = { ...(await start), label, ...(isSame ? ({ origin: 'found' } as const) : {}) };
      visibility.executionStarted(one);
      return one;
    }),
    mayHaveStarted,
  );
  return {
    executions: started.map(({ ran, ...execution }) => execution),
    steps: started.map(({ label, ran }) => ({ step: 'start', label, ...ran })),
  };
}
