import { workflowInfo } from '@temporalio/workflow';
import type { Receipt, StepRecord } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import { shownSource } from '../contract/source.js';
import type { EarlierUpload, Timed } from '../contract/steps.js';
import type { CompletedAnalyses } from './completeAnalyses.js';
import type { StartedAnalyses } from './runAnalyses.js';
import type { StoredFile } from './storeFile.js';

/** Returns the receipt of an upload: what each of its steps observed. */
export function receiptFor(
  request: UploadRequest,
  stored: StoredFile,
  { started, completed }: { started: StartedAnalyses; completed: CompletedAnalyses },
  batches: readonly string[],
): Receipt {
  const { workflowId, runId } = workflowInfo();
  const { profile, source, host, fileName, requestedBy, correctionOf } = request;
  return {
    receiptVersion: 1,
    workflowId,
    runId,
    profile,
    source: shownSource(source),
    ...(host === undefined ? {} : { host }),
    fileName,
    ...stored.facts,
    executions: completed.executions,
    steps: [...stored.steps, ...started.steps, ...completed.steps],
    ...(requestedBy ? { requestedBy } : {}),
    batches,
    ...(correctionOf ? { correctionOf } : {}),
  };
}

/** Steps that a run takes after all executions are started. */
const COMPLETION_STEPS: readonly StepRecord['step'][] = ['await', 'fetch'];

/** Returns the receipt of a run that found its work done: that of the run that did it, with what differs in this one. */
export function repeatedReceipt(
  { requestedBy }: UploadRequest,
  { receipt, ran }: Timed<Required<EarlierUpload>>,
  { executions, steps }: CompletedAnalyses,
  batches: readonly string[],
): Receipt {
  const { requestedBy: _, ...work } = receipt;
  return {
    ...work,
    runId: workflowInfo().runId,
    executions,
    steps: [
      ...work.steps.filter(
        ({ step }) => step !== 'find' && (!COMPLETION_STEPS.includes(step) || steps.length === 0),
      ),
      { step: 'find', ...ran },
      ...steps,
    ],
    ...(requestedBy ? { requestedBy } : {}),
    batches,
    repeatOf: receipt.repeatOf ?? receipt.runId,
  };
}
