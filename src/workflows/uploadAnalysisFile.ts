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
import { announceEnd } from './announceEnd.js';
import { completeAnalyses } from './completeAnalyses.js';
import { cancellationFor, workflowFailure } from './failures.js';
import { findEarlierWork } from './findEarlierWork.js';
import { nextCommand } from './notes.js';
import { receiptFor, repeatedReceipt } from './receipt.js';
import { recordEnding, recordReceipt } from './recordEnd.js';
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
      const completed = await completeAnalyses(
        () => request,
        earlier.receipt.sha256,
        earlier.receipt.executions,
        visibility,
      );
      const receipt = repeatedReceipt(request, earlier, completed, visibility.batches);
      await recordReceipt(receipt, visibility);
      visibility.completed();
      await announceEnd(visibility, 'done');
      return receipt;
    }
    const stored = isStoredFile(request.source)
      ? await useStoredFile(request, visibility)
      : await storeFile(request, visibility);
    file = stored.facts;
    const started = await runAnalyses(request, stored, visibility);
    const completed = await completeAnalyses(() => request, stored.sha256, started.executions, visibility);
    const receipt = receiptFor(request, stored, { started, completed }, visibility.batches);
    await recordReceipt(receipt, visibility);
    visibility.completed();
    await announceEnd(visibility, 'done');
    return receipt;
  } catch (error) {
    const cancellation = cancellationFor(error);
    if (cancellation) {
      await recordEnding({ state: 'cancelled' }, error, visibility, file);
      visibility?.cancelled();
      await announceEnd(visibility, 'cancelled');
      throw cancellation;
    }
    const failure = workflowFailure(error, visibility?.fileName ?? workflowInfo().workflowId, nextCommand);
    const { message } = failure;
    const code = failure.type ?? '';
    await recordEnding({ state: 'failed', error: { code, message } }, error, visibility, file);
    visibility?.failed(code, message);
    await announceEnd(visibility, 'failed', code);
    throw failure;
  }
}

defineWorkflowOptions(uploadAnalysisFile, { staticOptions: undecodedArguments });
