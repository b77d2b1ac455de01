import { parseRunRef } from '../contract/webhooks.js';
import { shortHashOf } from '../util/sha256.js';
import type { ActivityDependencies } from './dependencies.js';
import { decodeInput } from './raw-input.js';

/**
 * Starts a workflow for each batch of a run that has ended, which sends a webhook once the last upload of the batch has ended. Batches
 * of one account and one receiver share a workflow.
 *
 * @returns the IDs of these workflows
 */
export const watchBatches =
  ({ readRunEnd, watchBatch }: Pick<ActivityDependencies, 'readRunEnd' | 'watchBatch'>) =>
  async (input: unknown, argumentCount: number): Promise<string[]> => {
    const end = await readRunEnd(parseRunRef(decodeInput(input, argumentCount)));
    const { profile, webhook } = end?.request ?? { profile: '' };
    return Promise.all(
      (end?.batches ?? []).map(async (batch) => {
        const workflowId = `webhook:${profile}:${batch}:${receiverHash(webhook)}`;
        await watchBatch(workflowId, { profile, batch, ...(webhook === undefined ? {} : { webhook }) });
        return workflowId;
      }),
    );
  };

/** Returns a hash of the receiver's URL, which can be secret. */
const receiverHash = (webhook = ''): string => shortHashOf(webhook);
