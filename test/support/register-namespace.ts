import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

const PAUSE_MS = 50;
const MAX_TRIES = 1_800;

/**
 * Registers a namespace, and waits until it can be used.
 *
 * @param use first use of the namespace, which is repeated until it succeeds
 * @throws the last error of `use`, after 90 seconds
 */
export async function registerNamespace(
  { workflowService }: Connection,
  namespace: string,
  use: () => Promise<unknown>,
): Promise<void> {
  await workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  for (let tries = 1; ; tries++) {
    try {
      await use();
      return;
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
