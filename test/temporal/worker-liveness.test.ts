import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { describe, expect, it } from 'vitest';
import { hasLiveWorker } from '../../src/temporal/worker-liveness.js';

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

describe('whether a worker is there', () => {
  it.each([
    ['nobody has ever polled', [], [], false],
    ['one has just started and polls', [polled(1)], [], true],
    ['one polls and sends heartbeats', [polled(40)], [beat(20)], true],
    ['one is too busy to poll, but sends heartbeats', [polled(290)], [beat(20)], true],
    ['one is busy for so long that it is no longer listed as polling', [], [beat(20)], true],
    ['one was killed a moment ago, which nobody can know', [polled(50)], [beat(20)], true],
    ['one was killed two minutes ago', [polled(120)], [beat(125)], false],
    ['one was told to stop a second after it had polled', [polled(30)], [beat(29, stopping)], false],
    ['one was told to stop, and a poll came in late', [polled(30)], [beat(31, stopping)], false],
    [
      'one was told to stop, and another took its place',
      [polled(30), polled(2, '2@lab-1')],
      [beat(29, stopping)],
      true,
    ],
    ['one was told to stop, and its like is there again', [polled(2)], [beat(29, stopping)], true],
    ['the server takes no heartbeats, and one has polled in the last five minutes', [polled(200)], [], true],
  ])('%s', (_what, pollers, heartbeats, there) => {
    expect(hasLiveWorker(pollers, heartbeats, NOW)).toBe(there);
  });
});
