import type { Client } from '@temporalio/client';
import type { Payload, SerializationContext } from '@temporalio/common';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type proto from '@temporalio/proto';
import { z } from 'zod';
import { WORKFLOW_TYPE } from '../contract/names.js';
import { isStoredFile } from '../contract/source.js';
import type { FileRef } from '../contract/steps.js';
import { type RunRef, runRefSchema } from '../contract/stored-file.js';
import { whyUntrusted } from '../contract/untrusted.js';
import { isUnknownRun } from './errors.js';
import { pagesOf } from './pages.js';
import { isMalformed, isUnreadable } from './unreadable.js';

/** A file that a run has stored at Aplos. */
export interface StoredFileRecord {
  /** Run that uploaded the file. */
  readonly run: RunRef;
  readonly profile: string;
  readonly fileName: string;
  readonly file: FileRef;
  readonly sha256: string;
  readonly sizeBytes?: number | undefined;
  readonly md5?: string | undefined;
}

const text = z.string().min(1);
const fileSchema = z.object({
  fileId: text.exactOptional(),
  bucket: text.exactOptional(),
  key: text.exactOptional(),
});
const checksums = { sha256: text, sizeBytes: z.number().optional(), md5: text.optional() };
const receiptSchema = fileSchema.extend({
  ...checksums,
  profile: text,
  fileName: text,
  storedBy: runRefSchema.optional(),
});
const startSchema = z.object({ profile: text, fileName: text, file: fileSchema, sha256: text });
const requestSchema = z.object({
  source: text,
  storedBy: runRefSchema.optional(),
  repeatOf: text.optional(),
});

/** Longest chain of runs that name each other: each of them analyzed the file of the one before. */
const MAX_CHAIN = 5;

/**
 * Reads which file a run has stored at Aplos: from its receipt or, if it has none, from a step that
 * started an execution, which comes after the confirmation. If the run
 * analyzed a file that another run uploaded, or repeated another run, that run is read.
 *
 * @returns `undefined` if Temporal no longer has the run, it stored nothing, or its data is unreadable or untrusted
 */
export async function readStoredFile(
  client: Client,
  { workflowId, runId }: RunRef,
  chain = 1,
): Promise<StoredFileRecord | undefined> {
  const run = { workflowId, runId };
  try {
    const history = await readHistory(client, run);
    if (!history) return undefined;
    const receipt = receiptSchema.safeParse(history.receipt).data;
    if (receipt) {
      const { profile, fileName, sha256, sizeBytes, md5, storedBy = run, ...file } = receipt;
      return { run: storedBy, profile, fileName, file, sha256, sizeBytes, md5 };
    }
    const { source = '', storedBy, repeatOf } = requestSchema.safeParse(history.request).data ?? {};
    const start = startSchema.safeParse(history.start).data;
    if (start) return { run: isStoredFile(source) && storedBy ? storedBy : run, ...start };
    const before =
      repeatOf === undefined ? isStoredFile(source) && storedBy : { workflowId, runId: repeatOf };
    return before && chain < MAX_CHAIN ? readStoredFile(client, before, chain + 1) : undefined;
  } catch (error) {
    if (isUnknownRun(error) || isUnreadable(error) || isMalformed(error)) return undefined;
    throw error;
  }
}

/** The decoded parts of a history that say which file a run stored. */
interface RunHistory {
  readonly request: unknown;
  /** Input of the last `startExecution`. */
  readonly start: unknown;
  readonly receipt: unknown;
}

type Scheduled = proto.temporal.api.history.v1.IActivityTaskScheduledEventAttributes;

async function readHistory(client: Client, run: RunRef): Promise<RunHistory | undefined> {
  const { namespace } = client.options;
  const { workflowId, runId } = run;
  let request: readonly Payload[] | null | undefined;
  let receipt: readonly Payload[] | null | undefined;
  let start: Scheduled | undefined;
  const execution = { workflowId, runId };
  const pages = pagesOf((token) =>
    client.workflowService.getWorkflowExecutionHistory({ namespace, execution, ...token }),
  );
  for await (const { history } of pages)
    for (const event of history?.events ?? []) {
      const { workflowExecutionStartedEventAttributes: started } = event;
      if (started && started.workflowType?.name !== WORKFLOW_TYPE) return undefined;
      request ??= started?.input?.payloads;
      receipt ??= event.workflowExecutionCompletedEventAttributes?.result?.payloads;
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled?.activityType?.name === 'startExecution') start = scheduled;
    }
  const ofWorkflow = { type: 'workflow', namespace, workflowId } as const;
  const ofActivity = {
    type: 'activity',
    namespace,
    workflowId,
    activityId: start?.activityId ?? '',
    isLocal: false,
  } as const;
  return {
    request: await decode(client, request, ofWorkflow),
    receipt: await decode(client, receipt, ofWorkflow),
    start: await decode(client, start?.input?.payloads, ofActivity),
  };
}

/** Decodes the first payload. Returns `undefined` if there is none, or it is not trusted. */
async function decode(
  { options: { loadedDataConverter } }: Client,
  payloads: readonly Payload[] | null | undefined,
  context: SerializationContext,
): Promise<unknown> {
  if (!payloads?.length) return undefined;
  const value = await decodeFromPayloadsAtIndex<unknown>(loadedDataConverter, 0, [...payloads], context);
  return whyUntrusted(value) === undefined ? value : undefined;
}
