import { CancellationScope, log, sleep, workflowInfo } from '@temporalio/workflow';
import type { KnownEnding, KnownFileFacts, RecordInput } from '../contract/ending.js';
import { priorityFor } from '../contract/priority.js';
import type { Receipt } from '../contract/receipt.js';
import { shownSource } from '../contract/source.js';
import { summaries, writeRecord } from './activities.js';
import { keepsRecords, reasonOf } from './failures.js';
import type { RunVisibility } from './visibility.js';

/** Pauses between attempts of a step that Temporal does not retry any more: the first and the longest. */
const FIRST_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 60 * 60_000;

/** Writes the record of a run that is done, if the worker keeps records. */
export async function recordReceipt(receipt: Receipt, visibility: RunVisibility): Promise<void> {
  if (!visibility.request.keepsRecords) return;
  visibility.recording();
  await recordEnd({ receipt }, visibility.request);
}

/** How a run ends without a receipt. */
export type EndWithoutReceipt = Pick<KnownEnding, 'state' | 'error'>;

/**
 * Writes the record of a run that ends without a receipt, if the worker keeps records.
 *
 * @param cause error that ends the run
 * @param visibility absent if the request is not valid
 * @param file what the run knows of its file
 */
export async function recordEnding(
  end: EndWithoutReceipt,
  cause: unknown,
  visibility: RunVisibility | undefined,
  file: KnownFileFacts,
): Promise<void> {
  if (!(visibility ? visibility.request.keepsRecords : keepsRecords(cause))) return;
  visibility?.recording(end.error);
  const { workflowId, runId } = workflowInfo();
  const { fileId, sizeBytes, presigns, executions = [] } = visibility?.progress ?? {};
  const ending: KnownEnding = {
    endingVersion: 1,
    workflowId,
    runId,
    ...end,
    endedAt: new Date().toISOString(),
    ...requestFacts(visibility),
    ...(fileId === undefined ? {} : { fileId }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(presigns === undefined ? {} : { presigns }),
    ...file,
    batches: visibility?.batches ?? [],
    executions,
  };
  await recordEnd({ ending, requested: visibility?.request.executions ?? [] }, visibility?.request);
}

function requestFacts(visibility: RunVisibility | undefined): Partial<KnownEnding> {
  if (!visibility) return {};
  const { profile, source, host, fileName, requestedBy, repeatOf, correctionOf } = visibility.request;
  return {
    profile,
    source: shownSource(source),
    ...(host === undefined ? {} : { host }),
    fileName,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(repeatOf === undefined ? {} : { repeatOf }),
    ...(correctionOf === undefined ? {} : { correctionOf }),
  };
}

type Content = RecordInput extends infer Each
  ? Each extends RecordInput
    ? Omit<Each, 'isReset'>
    : never
  : never;

/**
 * Writes a record, however long that takes: a run does not end before its record is written, even if it is cancelled. After a reset to
 * this step, its result is that of the run before, so the record is written again for this run.
 */
function recordEnd(content: Content, request: RunVisibility['request'] | undefined): Promise<void> {
  const { runId, firstExecutionRunId } = workflowInfo();
  const { fileName = workflowInfo().workflowId, profile = '', batch } = request ?? {};
  const options = {
    summary: summaries.writeRecord({ fileName }),
    priority: priorityFor({ profile, batch }).started,
  };
  const input = { ...content, isReset: runId !== firstExecutionRunId } as RecordInput;
  return CancellationScope.nonCancellable(async () => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      try {
        let recorded: string;
        do recorded = (await writeRecord.executeWithOptions(options, [input])).runId;
        while (recorded !== runId);
        return;
      } catch (error) {
        log.warn('The record of this run is not written yet', { fileName, reason: reasonOf(error) });
        await sleep(pauseMs, { summary: summaries.nextRecord({ fileName }) });
      }
    }
  });
}
