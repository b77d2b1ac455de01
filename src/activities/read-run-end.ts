import { getClient } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { type Payload, RawValue } from '@temporalio/common';
import {
  decodeFromPayloadsAtIndex,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { tsToDate } from '@temporalio/common/lib/time.js';
import { UploadError } from '../contract/errors.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import type { Receipt } from '../contract/receipt.js';
import { parseUploadRequest, type UploadRequest } from '../contract/request.js';
import type { RunRef } from '../contract/stored-file.js';
import { whyUntrusted } from '../contract/untrusted.js';
import type { EndState } from '../contract/webhooks.js';
import { endStateOf } from '../temporal/batch-end.js';
import { isUnknownRun, uploadUnknown } from '../temporal/errors.js';
import { type HistoryEvent, readFirstEvent, readLastEvent } from '../temporal/run-events.js';
import { decodeInput } from './raw-input.js';
import { temporalUnreachable } from './temporal-unreachable.js';

/** How a run ended. */
export interface RunEnd {
  readonly request: UploadRequest;
  /** First run of the chain that resets created. */
  readonly firstRunId: string;
  readonly state: EndState;
  /** By Temporal's clock. */
  readonly endedAt: Date;
  /** Batches that the run counts for, as Temporal's list shows them. */
  readonly batches: readonly string[];
  readonly receipt?: Receipt;
  readonly error?: { readonly code: string; readonly message: string };
}

/**
 * Reads how a run ended, from Temporal: whoever asks for a webhook cannot choose what it says.
 *
 * @returns `undefined` if the run has not ended
 * @throws {@link UploadError} `UPLOAD_UNKNOWN`, `TEMPORAL_UNREACHABLE`, `REQUEST_INVALID` or `PAYLOAD_UNTRUSTED`
 */
export async function readRunEnd(run: RunRef): Promise<RunEnd | undefined> {
  const client = getClient();
  try {
    return await readEnd(client, run);
  } catch (error) {
    if (error instanceof UploadError) throw error;
    if (isUnknownRun(error)) throw uploadUnknown(run.workflowId, error);
    throw temporalUnreachable(`Cannot read from Temporal how the run ${run.runId} ended`, error);
  }
}

async function readEnd(client: Client, run: RunRef): Promise<RunEnd | undefined> {
  const { workflowId, runId } = run;
  const { workflowExecutionInfo: info } = await client.workflowService.describeWorkflowExecution({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
  });
  if (info?.type?.name !== WORKFLOW_TYPE)
    throw new UploadError('REQUEST_INVALID', `${workflowId} is not an upload`);
  const state = endStateOf(info.status);
  if (!state || !info.closeTime) return undefined;
  const [first, ended] = await Promise.all([readFirstEvent(client, run), readLastEvent(client, run)]);
  const started = first?.workflowExecutionStartedEventAttributes;
  const { AplosBatch } = info.searchAttributes?.indexedFields ?? {};
  return {
    request: await requestIn(client, workflowId, started?.input?.payloads?.[0]),
    firstRunId: started?.firstExecutionRunId || runId,
    state,
    endedAt: tsToDate(info.closeTime),
    batches: AplosBatch ? (JSON.parse(Buffer.from(AplosBatch.data ?? []).toString()) as string[]) : [],
    ...(await resultIn(client, workflowId, ended)),
  };
}

/** Returns the request, which may be unencrypted: anybody may start an upload. */
async function requestIn(
  { options }: Client,
  workflowId: string,
  payload: Payload | undefined,
): Promise<UploadRequest> {
  const context = { type: 'workflow', namespace: options.namespace, workflowId } as const;
  let payloads = payload ? [payload] : [];
  for (const codec of options.loadedDataConverter.payloadCodecs)
    payloads = await codec.decode(payloads, context);
  return parseUploadRequest(decodeInput(payloads[0] && RawValue.fromPayload(payloads[0]), payloads.length));
}

async function resultIn(
  { options: { namespace, loadedDataConverter } }: Client,
  workflowId: string,
  ended: HistoryEvent | undefined,
): Promise<Pick<RunEnd, 'receipt' | 'error'>> {
  const context = { type: 'workflow', namespace, workflowId } as const;
  const payloads = ended?.workflowExecutionCompletedEventAttributes?.result?.payloads;
  if (payloads) {
    const receipt = await decodeFromPayloadsAtIndex<Receipt>(loadedDataConverter, 0, payloads, context);
    const reason = whyUntrusted(receipt);
    if (reason === undefined) return { receipt };
    throw new UploadError('PAYLOAD_UNTRUSTED', `The receipt of ${workflowId} ${reason}`);
  }
  const failure = ended?.workflowExecutionFailedEventAttributes?.failure;
  if (!failure) return {};
  const error = await decodeOptionalFailureToOptionalError(loadedDataConverter, failure, context);
  return {
    error: { code: failure.applicationFailureInfo?.type || 'INTERNAL', message: error?.message ?? '' },
  };
}
