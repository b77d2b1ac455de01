import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBinaries } from '../../sandbox/servers/binaries.js';

import { requestForFile, UploadClient, type UploadHandle } from '../../src/client.js';
import { pollersOf } from '../../src/temporal/versioning.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';
import { untilListed } from '../support/until-listed.js';
import type { RunningWorker } from '../support/warm-worker.js';
import type { World } from '../support/world.js';

describe('worker deployment versions', () => {
  let world: World;
  let client: UploadClient;
  let temporal: (...args: string[]) => string;
  let one: RunningWorker;

  const startVersion = (buildId: string) =>
    world.startWorker({
      TEMPORAL_DEPLOYMENT_NAME: 'aplos-upload',
      TEMPORAL_WORKER_BUILD_ID: buildId,
      APLOS_UPLOAD_CONCURRENCY: '2',
      ...SHORT_LAG,
      APLOS_UPLOAD_SHUTDOWN_GRACE: '0.5',
    });

  /**
   * Makes a version current once Temporal has seen its worker poll for workflows and activities, and waits until Temporal reports
   * it for the task queue, which takes a moment.
   */
  async function makeCurrent(buildId: string): Promise<void> {
    await setCurrent(buildId);
    await expect.poll(async () => (await pollers()).current?.buildId).toBe(buildId);
  }

  const pollers = () => pollersOf(world.client.connection, world.client.options.namespace);

  async function setCurrent(buildId: string): Promise<void> {
    for (;;) {
      try {
        temporal(
          ...['worker', 'deployment', 'set-current-version', '--yes'],
          ...['--deployment-name', 'aplos-upload', '--build-id', buildId],
        );
        return;
      } catch (error) {
        if (!/missing active task queues|no Worker Deployment|deadline exceeded/.test(String(error)))
          throw error;
        await sleep(200);
      }
    }
  }

  async function start(name: string): Promise<UploadHandle> {
    const path = await world.write(name, table(1_000));
    return client.start(await requestForFile(path, { executions: [{ configuration }] }));
  }

  /** Returns the versions whose workers completed workflow tasks of a run. */
  async function versionsOf(workflowId: string): Promise<string[]> {
    const { events } = await world.rawClient.workflow.getHandle(workflowId).fetchHistory();
    const all = events?.flatMap(
      ({ workflowTaskCompletedEventAttributes: completed }) => completed?.deploymentVersion?.buildId ?? [],
    );
    return [...new Set(all)];
  }

  beforeAll(async () => {
    world = await startWorld({ latencyMs: 20 });
    client = await UploadClient.connect({ client: world.client });
    const { temporal: command } = await ensureBinaries();
    temporal = (...args) =>
      execFileSync(
        command,
        [...args, '--address', world.temporal.address, '--namespace', world.temporal.namespace],
        {
          encoding: 'utf8',
          stdio: 'pipe',
        },
      );
    one = await startVersion('one');
  });
  afterAll(() => world?.stop());

  it('are reported by a worker if its version is not current, with the command to change it', async () => {
    const command = 'set-current-version --deployment-name aplos-upload --build-id one';
    expect(world.log()).toContain('New uploads go to unversioned workers');
    expect(world.log()).toContain(command);
    await expect.poll(async () => (await pollers()).workers).toBe(1);
    const { stdout, exitCode } = await world.run('doctor');
    expect(stdout).toContain(
      'WORKER_MISSING: 1 worker polls the task queue aplos-upload, but new uploads go to unversioned workers',
    );
    expect(exitCode).toBe(1);

    await makeCurrent('one');
    const again = await world.run('doctor');
    expect(again.stdout).toContain('version one of the deployment aplos-upload');
    expect(again.exitCode).toBe(0);
  });

  it('stay the same for each upload of a batch while another version is rolled out', {
    tags: ['REQ-04'],
  }, async () => {
    const uploads: UploadHandle[] = [];
    for (let index = 0; index < 20; index++) uploads.push(await start(`rolled-${index}.csv`));
    await uploads[0]?.result();
    await startVersion('two');
    await makeCurrent('two');
    for (let index = 20; index < 26; index++) uploads.push(await start(`rolled-${index}.csv`));
    const receipts = await Promise.all(uploads.map(({ result }) => result()));

    const versions = await Promise.all(uploads.map(({ workflowId }) => versionsOf(workflowId)));
    expect(versions.filter((each) => each.length !== 1)).toEqual([]);
    expect(versions.slice(20).flat()).toEqual(Array(6).fill('two'));
    expect(versions.flat().filter((each) => each === 'one').length).toBeGreaterThan(1);
    const charged = world.sandbox.charges.map(({ fileId }) => fileId).sort();
    expect(charged).toEqual(receipts.map(({ fileId }) => fileId).sort());
  });

  it('move to the current one if an upload that failed on a removed version is replayed', async () => {
    await makeCurrent('one');
    world.sandbox.faults.add({ route: 'start', status: 400 });
    const upload = await start('failed.csv');
    await expect(upload.result()).rejects.toMatchObject({ code: 'EXECUTION_REFUSED' });
    expect(await versionsOf(upload.workflowId)).toEqual(['one']);
    await makeCurrent('two');
    await one.stop();

    const { stdout } = await world.run('replay', upload.workflowId, '--all', '--yes');
    expect(stdout).toContain('resumed at startExecution after EXECUTION_REFUSED');
    const { executions } = await client.result(upload.workflowId);
    expect(executions).toHaveLength(1);
    expect(await versionsOf(upload.workflowId)).toEqual(['one', 'two']);
  });

  it('are reported without a worker, and move to the current one by the documented command', async () => {
    const three = await startVersion('three');
    await makeCurrent('three');
    world.sandbox.faults.add({ route: 'upload', hang: true });
    const upload = await start('left-behind.csv');
    await expect.poll(() => world.sandbox.faults.waiting).toEqual([]); // the call hangs
    await makeCurrent('two');
    await three.stop();
    const hasWorker = async () => (await client.status(upload.workflowId))?.hasWorker;
    await expect.poll(hasWorker, { interval: 500 }).toBe(false);
    const pinned = 'ExecutionStatus="Running" AND TemporalWorkerDeploymentVersion="aplos-upload:three"';
    await untilListed(world, pinned);
    const [status, doctor] = await Promise.all([world.run('status', upload.workflowId), world.run('doctor')]);
    expect(status.stdout).toContain('waiting for a worker of version three');
    const command =
      'TEMPORAL_DEPLOYMENT_NAME=aplos-upload TEMPORAL_WORKER_BUILD_ID=three aplos-upload worker';
    expect(status.stdout).toContain(command);
    expect(doctor.stdout).toContain(
      `✗ Pinned uploads: WORKER_MISSING: No worker serves 1 running upload pinned to version three of the deployment aplos-upload. Start such a worker: ${command}`,
    );

    temporal(
      ...['workflow', 'update-options', '--yes', '--versioning-override-behavior', 'auto_upgrade'],
      ...['--query', pinned],
    );
    await upload.result();
    expect(await versionsOf(upload.workflowId)).toEqual(['three', 'two']);
  });
});
