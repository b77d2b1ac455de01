import { request } from 'undici';
import { sumOf } from '../../test/support/monitoring.js';
import { type Row, statsOf } from '../suite/row.js';
import type { BenchWorld } from '../suite/world.js';
import { naiveChain, uploadNaively, uploadOurs } from './naive-chain.js';

type History = Awaited<ReturnType<typeof historyOf>>;

/** What one file costs at Temporal. */
export const temporalLoad: readonly Row[] = [
  {
    name: 'events',
    work: 'events of a file with one execution',
    unit: 'events',
    peer: naiveChain,
    goal: { of: 'value', is: 'at most', limit: 27 },
    measure: async (world) => {
      const { ours, naive } = await uploadBoth(world);
      return { ours: statsOf([ours.length]), peer: statsOf([naive.length]) };
    },
  },
  {
    name: 'actions',
    work: 'billable actions of a file with one execution',
    unit: 'actions',
    peer: naiveChain,
    goal: { of: 'value', is: 'at most', limit: 8 },
    measure: async (world) => {
      const { metricsUrl } = await world.worker;
      const before = await heartbeatsIn(metricsUrl);
      const { ours, naive } = await uploadBoth(world);
      const heartbeats = (await heartbeatsIn(metricsUrl)) - before;
      return { ours: statsOf([actionsIn(ours) + heartbeats]), peer: statsOf([actionsIn(naive)]) };
    },
  },
];

async function uploadBoth(world: BenchWorld): Promise<{ ours: History; naive: History }> {
  const client = await world.client();
  await world.startNaiveWorker();
  const ours = await uploadOurs(client, world, await world.newFile());
  const naive = await uploadNaively(world, await world.newFile());
  return { ours: await historyOf(world, ours), naive: await historyOf(world, naive) };
}

async function historyOf(world: BenchWorld, workflowId: string) {
  const { rawClient } = await world.servers;
  return (await rawClient.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
}

/**
 * Counts what Temporal Cloud bills, apart from heartbeats: the start, each attempt of an activity, timers, signals, upserts of search
 * attributes, and the local activities of a workflow task as one.
 */
function actionsIn(events: History): number {
  const localActivities = new Set<string>();
  let actions = 1;
  for (const event of events) {
    const { activityTaskStartedEventAttributes: attempt, markerRecordedEventAttributes: marker } = event;
    if (attempt) actions += attempt.attempt ?? 1;
    else if (marker) localActivities.add(String(marker.workflowTaskCompletedEventId));
    else if (
      event.upsertWorkflowSearchAttributesEventAttributes ||
      event.timerStartedEventAttributes ||
      event.workflowExecutionSignaledEventAttributes
    )
      actions += 1;
  }
  return actions + localActivities.size;
}

/** Returns how many heartbeats a worker has sent to Temporal. */
async function heartbeatsIn(metricsUrl: string): Promise<number> {
  const { body } = await request(metricsUrl);
  const operation = 'RecordActivityTaskHeartbeat';
  return sumOf(await body.text(), 'temporal_request_total', { operation });
}
