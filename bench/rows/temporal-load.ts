import { Client } from '@temporalio/client';
import { request } from 'undici';
import { sumOf } from '../../test/support/monitoring.js';
import { type Measured, type Row, statsOf } from '../suite/row.js';
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
    measure: (world) => countEach(world, ({ length }) => length),
  },
  {
    name: 'actions',
    work: 'billable actions of a file with one execution',
    unit: 'actions',
    peer: naiveChain,
    goal: { of: 'value', is: 'at most', limit: 8 },
    measure: (world) => countEach(world, (history, heartbeats) => actionsIn(history) + heartbeats),
  },
];

/** Uploads a file in each way, and counts something in its history and the heartbeats that Temporal has received. */
async function countEach(
  world: BenchWorld,
  count: (history: History, heartbeats: number) => number,
): Promise<Measured> {
  const client = await world.client();
  await world.startNaiveWorker();
  const before = await world.before();
  const { temporal } = await world.servers;
  const countOne = async (
    upload: (path: string) => Promise<string>,
    { namespace, metricsUrl }: { readonly namespace: string; readonly metricsUrl?: string },
  ) => {
    const earlier = await heartbeatsIn(metricsUrl);
    const history = await historyOf(world, await upload(await world.newFile()), namespace);
    return statsOf([count(history, (await heartbeatsIn(metricsUrl)) - earlier)]);
  };
  const { namespace } = temporal;
  const { metricsUrl } = await world.worker;
  return {
    ours: await countOne((path) => uploadOurs(client, world, path), { namespace, metricsUrl }),
    peer: await countOne((path) => uploadNaively(world, path), { namespace }),
    before:
      before &&
      (await countOne(async (path) => (await before.upload([path], { concurrency: 1 }))[0] ?? '', before)),
  };
}

async function historyOf(world: BenchWorld, workflowId: string, namespace: string) {
  const { connection } = (await world.servers).rawClient;
  const { workflow } = new Client({ connection, namespace });
  return (await workflow.getHandle(workflowId).fetchHistory()).events ?? [];
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

/** Returns how many heartbeats a worker has sent to Temporal; 0 for a worker without metrics. */
async function heartbeatsIn(metricsUrl: string | undefined): Promise<number> {
  if (metricsUrl === undefined) return 0;
  const { body } = await request(metricsUrl);
  const operation = 'RecordActivityTaskHeartbeat';
  return sumOf(await body.text(), 'temporal_request_total', { operation });
}
