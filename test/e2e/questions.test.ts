import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askForSubscription } from '../../src/client/ask-worker.js';
import type { WorkerAvailability } from '../../src/client/worker-availability.js';
import type { AnalysisPreview } from '../../src/client.js';
import { SUBSCRIPTION_WORKFLOW_TYPE, TASK_QUEUE } from '../../src/contract/names.js';
import { QUEUED } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, smallTable } from '../support/tables.js';
import type { World } from '../support/world.js';

describe('a question to the workers is answered', () => {
  let world: World;

  beforeEach(async () => {
    world = await startWorld(QUEUED);
  });
  afterEach(() => world?.stop());

  it('although a worker that is gone was given it first', async () => {
    const { client } = world;
    const poll = { namespace: client.options.namespace, taskQueue: { name: TASK_QUEUE } };
    const takenByLostWorker = client.withDeadline(Date.now() + 30_000, () =>
      client.workflowService.pollWorkflowTaskQueue(poll),
    );
    const isAssumed = { hasWorker: async () => true } as unknown as WorkerAvailability;
    const asked = askForSubscription({ client, workers: isAssumed }, { profile: 'default' });
    expect((await takenByLostWorker).workflowType?.name).toBe(SUBSCRIPTION_WORKFLOW_TYPE);
    await world.startWorkerProcess();
    expect(await asked).toMatchObject({ remaining: expect.any(Number) });
  });

  it('although the worker is killed while it asks Aplos', async () => {
    const worker = await world.startWorkerProcess();
    const file = await world.write('pk.csv', smallTable(1));
    const config = await world.write('day-1.json', JSON.stringify(configuration));
    world.sandbox.faults.add({ route: 'list', hang: true });
    const asked = world.run('upload', file, '--config', config, '--dry-run', '--json');
    await expect.poll(() => world.sandbox.calls.some(({ route }) => route === 'list')).toBe(true);
    worker.child.kill('SIGKILL');
    await world.startWorkerProcess();
    const { analyses } = JSON.parse((await asked).stdout) as { analyses: AnalysisPreview[] };
    expect(analyses).toMatchObject([{ state: 'new' }]);
  });
});
