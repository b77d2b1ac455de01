import type { WorkflowService } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { describe, expect, it } from 'vitest';
import { hasLiveWorker, servesNewUploads } from '../../src/temporal/worker-liveness.js';

const { WORKER_STATUS_RUNNING: running, WORKER_STATUS_SHUTTING_DOWN: stopping } =
  proto.temporal.api.enums.v1.WorkerStatus;

const NOW = Date.parse('2026-01-01T00:10:00Z');
const ago = (seconds: number) => msToTs(NOW - seconds * 1000);
const polled = (seconds: number, identity = '1@lab-1') => ({ identity, lastAccessTime: ago(seconds) });
const beat = (seconds: number, status = running, workerIdentity = '1@lab-1') => ({
  workerIdentity,
  status,
  heartbeatTime: ago(seconds),
});

describe('hasLiveWorker', () => {
  it.each([
    ['no worker has ever polled', [], [], false],
    ['a worker has just started and polls', [polled(1)], [], true],
    ['a worker polls and sends heartbeats', [polled(40)], [beat(20)], true],
    ['a worker is too busy to poll, but sends heartbeats', [polled(290)], [beat(20)], true],
    ['a worker has been busy for so long that it is no longer listed as a poller', [], [beat(20)], true],
    ['a worker was killed a moment ago, which Temporal cannot know', [polled(50)], [beat(20)], true],
    ['a worker was killed two minutes ago', [polled(120)], [beat(125)], false],
    ['a worker began to shut down a second after it polled', [polled(30)], [beat(29, stopping)], false],
    ['a worker began to shut down, and a poll arrived late', [polled(30)], [beat(31, stopping)], false],
    [
      'a worker began to shut down, and another replaced it',
      [polled(30), polled(2, '2@lab-1')],
      [beat(29, stopping)],
      true,
    ],
    [
      'a worker began to shut down, and one with the same identity polls',
      [polled(2)],
      [beat(29, stopping)],
      true,
    ],
    ['a worker was killed before its first heartbeat', [polled(95)], [], false],
    [
      'each of several workers was killed before its first heartbeat',
      [polled(250, '1@lab-1'), polled(170, '2@lab-1'), polled(95, '3@lab-1')],
      [],
      false,
    ],
    [
      'the server supports no heartbeats, and a worker polled in the last five minutes',
      [polled(200)],
      undefined,
      true,
    ],
    ['the server supports no heartbeats, and lists no worker', [], undefined, false],
  ])('returns the right result if %s', (_case, pollers, heartbeats, expected) => {
    expect(hasLiveWorker(pollers, heartbeats, NOW)).toBe(expected);
  });
});

describe('servesNewUploads', () => {
  const version = (buildId: string) => ({ deploymentName: 'uploads', buildId });

  /** Asks a server that knows one live worker of a version, and counts its calls. */
  async function ask(worker: string | undefined, versioningInfo: object) {
    const calls: string[] = [];
    const poller = worker === undefined ? {} : { deploymentOptions: version(worker) };
    const workflowService = {
      describeTaskQueue: async () => {
        calls.push('describeTaskQueue');
        return { pollers: [{ ...poller, lastAccessTime: msToTs(Date.now()) }], versioningInfo };
      },
      listWorkers: async () => {
        calls.push('listWorkers');
        return { workersInfo: [] };
      },
    } as unknown as WorkflowService;
    return { serves: await servesNewUploads(workflowService, 'default'), calls };
  }

  it.each([
    ['unversioned workers, and one is alive', undefined, {}, true],
    ['unversioned workers, and only a versioned one is alive', 'b1', {}, false],
    ['a version that has a live worker', 'b1', { currentDeploymentVersion: version('b1') }, true],
    ['a version that has none', 'b1', { currentDeploymentVersion: version('b2') }, false],
    [
      'two versions, and one has a live worker',
      'b1',
      { currentDeploymentVersion: version('b2'), rampingDeploymentVersion: version('b1') },
      true,
    ],
  ])('asks Temporal once if it assigns uploads to %s', async (_case, worker, versioningInfo, expected) => {
    const { serves, calls } = await ask(worker, versioningInfo);
    expect(serves).toBe(expected);
    expect(calls).toEqual(['describeTaskQueue', 'listWorkers']);
  });
});
