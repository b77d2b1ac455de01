import { describe, expect, it } from 'vitest';
import { statusLines } from '../../../src/cli/output/status-text.js';
import type { UploadStatus } from '../../../src/client.js';

const running: UploadStatus = {
  workflowId: 'default:pk.csv:1',
  runId: 'r1',
  state: 'running',
  fileName: 'pk.csv',
  batches: [],
  executionIds: [],
  startedAt: new Date(),
  pending: [],
};
const step = { activity: 'presignUpload', isRunning: false, attempt: 1 };

describe('statusLines', () => {
  it.each<[string, Partial<UploadStatus>, RegExp]>([
    [
      'no worker is running',
      { hasWorker: false },
      /waiting for a worker {2}.*\n {2}WORKER_MISSING: No worker polls the task queue aplos-upload\. Start one: aplos-upload worker$/,
    ],
    [
      'the version that it is pinned to has no worker',
      { hasWorker: false, pinnedTo: { deploymentName: 'aplos', buildId: '0.1.0' }, pending: [step] },
      /waiting for a worker of version 0\.1\.0 .*\n {2}WORKER_MISSING: The upload is pinned to version 0\.1\.0 of the deployment aplos, and no worker of that version polls the task queue aplos-upload\. Start one: TEMPORAL_DEPLOYMENT_NAME=aplos TEMPORAL_WORKER_BUILD_ID=0\.1\.0 aplos-upload worker$/,
    ],
    [
      'its host has no worker',
      { pending: [{ ...step, host: 'lab-7', hostHasWorker: false }] },
      /waiting for a worker on lab-7 .*\n {2}HOST_WITHOUT_WORKER: No worker on lab-7 polls .*APLOS_UPLOAD_HOST=lab-7 aplos-upload worker$/,
    ],
    ['workers are busy', { hasWorker: true, pending: [step] }, /presigning, queued {2}[^\n]*$/],
  ])('say why an upload waits if %s', (_what, changes, expected) => {
    expect(statusLines([{ ...running, ...changes }]).join('\n')).toMatch(expected);
  });

  it('say once why and until when starts wait, if Aplos takes no more executions', () => {
    const waiting = (minute: number): UploadStatus => ({
      ...running,
      workflowId: `w-${minute}`,
      pending: [
        {
          activity: 'startExecution',
          isRunning: false,
          attempt: 3,
          nextAttemptAt: new Date(`2026-11-26T14:${minute}:30Z`),
          lastFailure: {
            code: 'EXECUTIONS_LIMITED',
            message:
              'pk.csv: Aplos takes no more executions at present (status 429, 5 are running); next try 14:01 UTC. Wait.',
          },
        },
      ],
    });
    const lines = statusLines([waiting(17), waiting(15), { ...running, hasWorker: true }]);
    expect(lines[1]).toMatch(/waiting for Aplos, next try 14:17 UTC/);
    expect(lines.slice(-2)).toEqual([
      '',
      'EXECUTIONS_LIMITED: Aplos takes no more executions at present; next try 14:15 UTC. 2 uploads wait (status 429, 5 are running).',
    ]);
    expect(lines).toHaveLength(6);
  });
});
