import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { vi } from 'vitest';

const { PENDING_ACTIVITY_STATE_STARTED: STARTED } = proto.temporal.api.enums.v1.PendingActivityState;

/** Waits until a worker runs a step of an upload. Returns the ID of its activity. */
export function untilRunning(client: Client, workflowId: string, step: string): Promise<string> {
  const activityId = async () => {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    const running = raw.pendingActivities?.find(
      ({ activityType, state }) => activityType?.name === step && state === STARTED,
    );
    return running?.activityId;
  };
  return vi.waitUntil(activityId, { timeout: 90_000, interval: 50 });
}
