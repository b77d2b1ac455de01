import {
  CancellationScope,
  defineQuery,
  defineWorkflowOptions,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { KnownFileFacts } from '../contract/ending.js';
import { type Extended, extended } from '../contract/extension.js';
import { PROGRESS_QUERY } from '../contract/names.js';
import type { Receipt, UploadProgress } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import { isStoredFile } from '../contract/source.js';
import { checkRequest } from './activities.js';
import { completeAnalyses } from './completeAnalyses.js';
import { endDone, endWithoutReceipt } from './endRun.js';
import { cancellationFor, workflowFailure } from './failures.js';
import { findEarlierWork } from './findEarlierWork.js';
import { nextCommand } from './notes.js';
import { receiptFor, repeatedReceipt } from './receipt.js';
import { runAnalyses } from './runAnalyses.js';
import { acceptSignals } from './signals.js';
import { storeFile } from './storeFile.js';
import { undecodedArguments } from './undecoded-arguments.js';
import { useStoredFile } from './useStoredFile.js';
import { RunVisibility } from './visibility.js';

const progressQuery = defineQuery<UploadProgress | undefined>(PROGRESS_QUERY);

/**
 * Stores a file in Aplos NCA (presign, upload, confirm the 204), then starts each of its executions once and, if the request asks
 * for it, waits for their end and fetches their results. A file that Aplos already has is only confirmed. If an earlier run stored
 * and started all that and Aplos still has it, takes it from its receipt.
 *
 * @param input one `UploadRequestInput`, undecoded, so that a malformed argument fails the workflow instead of blocking it
 * @returns the receipt: what each step observed
 * @throws ApplicationFailure with a code of the error table as its type, and a message that says what to do
 */
export async function uploadAnalysisFile(...input: unknown[]): Promise<Receipt> {
  let visibility: RunVisibility | undefined;
  let file: KnownFileFacts = {};
  setHandler(progressQuery, () => visibility?.progress);
  try {
    // Whoever cancels a run before it has begun wants to see which upload it was.
    let request: Extended<UploadRequest> = await CancellationScope.nonCancellable(() =>
      checkRequest(input[0], input.length),
    );
    visibility = new RunVisibility(request);
    acceptSignals(visibility, (extension) => {
      request = extended(request, extension);
    });
    const earlier = await findEarlierWork(request, visibility);
    if (earlier) {
      const { sha256, executions } = earlier.receipt;
      const completed = await completeAnalyses(() => request, sha256, executions, visibility);
      return await endDone(repeatedReceipt(request, earlier, completed, visibility.batches), visibility);
    }
    const stored = isStoredFile(request.source)
      ? await useStoredFile(request, visibility)
      : await storeFile(request, visibility, (facts) => {
          file = facts;
        });
    file = stored.facts;
    const started = await runAnalyses(request, stored, visibility);
    const completed = await completeAnalyses(() => request, stored.sha256, started.executions, visibility);
    return await endDone(receiptFor(request, stored, { started, completed }, visibility.batches), visibility);
  } catch (error) {
    const cancellation = cancellationFor(error);
    if (cancellation) {
      await endWithoutReceipt({ state: 'cancelled' }, error, visibility, file);
      throw cancellation;
    }
    const failure = workflowFailure(error, visibility?.fileName ?? workflowInfo().workflowId, nextCommand);
    const { type, message } = failure;
    await endWithoutReceipt(
      { state: 'failed', error: { code: type ?? '', message } },
      error,
      visibility,
      file,
    );
    throw failure;
  }
}

defineWorkflowOptions(uploadAnalysisFile, { staticOptions: undecodedArguments });
