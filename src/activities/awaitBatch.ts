import { UploadError } from '../contract/errors.js';
import { type BatchEvent, type EndState, parseBatchWebhookInput } from '../contract/webhooks.js';
import type { EndedUpload } from '../temporal/batch-end.js';
import { quote } from '../util/quote.js';
import { count } from '../util/units.js';
import type { ActivityDependencies } from './dependencies.js';
import { growingPauseMs } from './growing-pause.js';
import { decodeInput } from './raw-input.js';
import { webhookIdOf } from './sendWebhook.js';

const MIN_PAUSE_MS = 5_000;
/** Most uploads that an event lists one by one. */
const MAX_FAILURES = 100;

/**
 * Checks once whether the last upload of a batch has ended. A batch that is quiet for a moment only may get more files: whoever starts
 * it may be reading the next one.
 */
export const awaitBatch =
  ({ readBatch, batchQuietMs }: Pick<ActivityDependencies, 'readBatch' | 'batchQuietMs'>) =>
  async (input: unknown, argumentCount: number): Promise<[BatchEvent & { readonly id: string }]> => {
    const { profile, batch } = parseBatchWebhookInput(decodeInput(input, argumentCount));
    const uploads = await readBatch({ profile, batch });
    if (!uploads)
      throw new UploadError('REQUEST_INVALID', `Temporal cannot search for the batch ${quote(batch)}`);
    const { running, ended } = uploads;
    if (running > 0)
      throw pending(
        `${count(running, 'upload')} of the batch ${quote(batch)} ${running === 1 ? 'is' : 'are'} running`,
      );
    const endedMs = Math.max(0, ...ended.map(({ closedMs }) => closedMs));
    const restMs = endedMs + batchQuietMs - Date.now();
    if (ended.length === 0 || restMs > 0)
      throw pending(
        `The last upload of the batch ${quote(batch)} ended only moments ago`,
        Math.max(restMs, 500),
      );
    return [batchEvent({ profile, batch }, ended, endedMs)];
  };

/** Returns the event of a batch, whose ID depends on how each upload ended. */
function batchEvent(
  { profile, batch }: { readonly profile: string; readonly batch: string },
  ended: readonly EndedUpload[],
  endedMs: number,
): BatchEvent & { readonly id: string } {
  const states: Partial<Record<EndState, number>> = {};
  for (const { state } of ended) states[state] = (states[state] ?? 0) + 1;
  return {
    id: webhookIdOf({
      profile,
      batch,
      endings: ended.map(({ workflowId, state, code }) => [workflowId, state, code ?? '']),
    }),
    type: 'batch.ended',
    timestamp: new Date(endedMs).toISOString(),
    data: {
      profile,
      batch,
      total: ended.length,
      states,
      failures: ended
        .filter(({ state }) => state !== 'done')
        .slice(0, MAX_FAILURES)
        .map(({ closedMs, ...failure }) => failure),
    },
  };
}

function pending(happened: string, pauseMs?: number): UploadError {
  return new UploadError('BATCH_PENDING', happened, {
    retryAfterMs: pauseMs ?? growingPauseMs(MIN_PAUSE_MS),
  });
}
