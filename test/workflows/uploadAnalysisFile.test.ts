import { Context } from '@temporalio/activity';
import type { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRequest } from '../../src/activities/checkRequest.js';
import { coded } from '../../src/activities/failures.js';
import type { Receipt, UploadProgress } from '../../src/contract/receipt.js';
import { parseUploadRequest, type UploadRequestInput } from '../../src/contract/request.js';
import type { UploadActivities } from '../../src/contract/steps.js';
import { bundleWorkflows, timeSkippingServer } from '../support/temporal.js';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const request: UploadRequestInput = {
  source: 'file:///data/pk.csv',
  fileName: 'pk.csv',
  requestedBy: 'jane@example.com',
  executions: [
    { label: 'day 1', configuration: { version: '1' } },
    { label: 'day 7', configuration: { version: '7' } },
  ],
};

const ran = { startedAt: '2026-01-01T00:00:00.000Z', finishedAt: '2026-01-01T00:00:01.000Z', attempts: 1 };

/** Activities that go well, and a record of their calls. */
function happyActivities(calls: string[]): UploadActivities {
  let presigns = 0;
  return {
    checkRequest: async (input) => parseUploadRequest(input),
    lookForWorker: async () => true,
    presignUpload: async () => {
      calls.push('presign');
      presigns += 1;
      return {
        file: { fileId: `file-${presigns}`, bucket: 'bucket', key: `key-${presigns}` },
        presigned: {
          url: 'https://bucket.s3.amazonaws.com/',
          fields: { key: `key-${presigns}` },
          expiresAt: '2999-01-01T00:00:00.000Z',
        },
        sizeBytes: 10,
        ran,
      };
    },
    uploadFile: async ({ presigned }) => {
      calls.push(`upload to ${presigned.fields.key}`);
      return { status: 204, etag: MD5, md5: MD5, sha256: 'f'.repeat(64), sizeBytes: 10, seconds: 0.1, ran };
    },
    confirmUpload: async ({ file }) => {
      calls.push(`confirm ${file.fileId}`);
      return { fileState: 'ready', etagIsMd5: true, ran };
    },
    startExecution: async ({ label, file }) => {
      calls.push(`start ${label} on ${file.fileId}`);
      return {
        label,
        executionId: `execution of ${label}`,
        status: 'queuing',
        trackingId: `t-${label}`,
        origin: 'started',
        ran,
      };
    },
  };
}

const failure = (type: string, remedy: string, nonRetryable = true) =>
  ApplicationFailure.create({
    type,
    message: `${type} happened to pk.csv. Do this.`,
    nonRetryable,
    details: [{ code: type, remedy }],
  });

describe('uploadAnalysisFile', () => {
  let env: TestWorkflowEnvironment;
  let workflowBundle: WorkflowBundleWithSourceMap;
  let runs = 0;

  beforeAll(async () => {
    [env, workflowBundle] = await Promise.all([timeSkippingServer(), bundleWorkflows()]);
  });
  afterAll(() => env?.teardown());

  async function withWorker<Result>(
    changes: Partial<UploadActivities>,
    work: (calls: string[], taskQueue: string) => Promise<Result>,
  ) {
    const calls: string[] = [];
    const taskQueue = `queue-${++runs}`;
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue,
      workflowBundle,
      activities: { ...happyActivities(calls), ...changes },
      maxHeartbeatThrottleInterval: '100ms',
    });
    return worker.runUntil(() => work(calls, taskQueue));
  }

  const start = (taskQueue: string, input: unknown = request) =>
    env.client.workflow.start('uploadAnalysisFile', { taskQueue, workflowId: taskQueue, args: [input] });

  const run = (changes: Partial<UploadActivities>, input?: unknown) =>
    withWorker(changes, async (calls, taskQueue) => {
      const handle = await start(taskQueue, input);
      const outcome = await handle.result().then(
        (receipt: Receipt) => ({ receipt, failure: undefined }),
        (error: WorkflowFailedError) => ({ receipt: undefined, failure: error.cause as ApplicationFailure }),
      );
      const progress = await handle.query<UploadProgress | undefined>('progress');
      return { ...outcome, calls, progress };
    });

  it('presigns, uploads, confirms and starts each execution, in this order', async () => {
    const { calls } = await run({});
    expect(calls.slice(0, 3)).toEqual(['presign', 'upload to key-1', 'confirm file-1']);
    expect(calls.slice(3).sort()).toEqual(['start day 1 on file-1', 'start day 7 on file-1']);
  });

  it('answers with a receipt of what each step observed', async () => {
    const { receipt } = await run({});
    expect(receipt).toMatchObject({
      profile: 'default',
      fileName: 'pk.csv',
      fileId: 'file-1',
      bucket: 'bucket',
      key: 'key-1',
      status: 204,
      etagIsMd5: true,
      fileState: 'ready',
      presigns: 1,
      requestedBy: 'jane@example.com',
      executions: [
        { label: 'day 1', executionId: 'execution of day 1', origin: 'started' },
        { label: 'day 7', executionId: 'execution of day 7', origin: 'started' },
      ],
    });
    expect(receipt?.steps.map(({ step }) => step)).toEqual([
      'presign',
      'upload',
      'confirm',
      'start',
      'start',
    ]);
  });

  it('keeps nothing of the presigned form in the receipt', async () => {
    const { receipt } = await run({});
    expect(JSON.stringify(receipt)).not.toContain('amazonaws');
  });

  it('uploads without starting anything where no execution is asked for', async () => {
    const { receipt, calls } = await run({}, { source: 'file:///data/pk.csv' });
    expect(calls).toEqual(['presign', 'upload to key-1', 'confirm file-1']);
    expect(receipt?.executions).toEqual([]);
  });

  it('presigns and uploads again as a pair when the form has expired', async () => {
    let uploads = 0;
    const { receipt } = await run({
      uploadFile: async (input) => {
        if (++uploads === 1) throw failure('S3_EXPIRED', 'presign-again');
        return happyActivities([]).uploadFile(input);
      },
    });
    expect(receipt).toMatchObject({ fileId: 'file-2', presigns: 2 });
  });

  it('presigns and uploads again when the bytes arrived damaged', async () => {
    let confirms = 0;
    const { receipt } = await run({
      confirmUpload: async () => {
        if (++confirms === 1) throw failure('UPLOAD_CORRUPTED', 'presign-again');
        return { fileState: 'ready', etagIsMd5: true, ran };
      },
    });
    expect(receipt).toMatchObject({ fileId: 'file-2', presigns: 2 });
  });

  it('gives up after the fifth upload that arrived damaged, and starts nothing', async () => {
    const { failure: ended, calls } = await run({
      confirmUpload: async () => {
        throw failure('UPLOAD_CORRUPTED', 'presign-again');
      },
    });
    expect(ended?.type).toBe('UPLOAD_CORRUPTED');
    expect(calls.filter((call) => call === 'presign')).toHaveLength(5);
    expect(calls.some((call) => call.startsWith('start'))).toBe(false);
  });

  it('does not count a form whose time was over when its turn came', async () => {
    const { presignUpload, uploadFile } = happyActivities([]);
    let presigns = 0;
    const { receipt } = await run({
      presignUpload: async (input) => {
        const place = await presignUpload(input);
        const expiresAt = ++presigns > 7 ? place.presigned.expiresAt : '2000-01-01T00:00:00.000Z';
        return { ...place, presigned: { ...place.presigned, expiresAt } };
      },
      uploadFile: async (input) => {
        if (presigns <= 7) throw failure('S3_EXPIRED', 'presign-again');
        return uploadFile(input);
      },
    });
    expect(receipt).toMatchObject({ presigns: 8 });
  });

  it('gives up after the fifth form that was refused though its time was not over', async () => {
    const { failure: ended, calls } = await run({
      uploadFile: async () => {
        throw failure('S3_EXPIRED', 'presign-again');
      },
    });
    expect(ended?.type).toBe('S3_EXPIRED');
    expect(calls.filter((call) => call === 'presign')).toHaveLength(5);
  });

  it('goes on by itself after two days without the service', async () => {
    const begun = await env.currentTimeMs();
    const { receipt } = await run({
      presignUpload: async (input) => {
        if ((await env.currentTimeMs()) - begun < 2 * 24 * 3600_000)
          throw failure('API_UNREACHABLE', 'retry', false);
        return happyActivities([]).presignUpload(input);
      },
    });
    expect(receipt?.status).toBe(204);
  });

  it('gives up after seven days, with the code of what was in the way', async () => {
    const { failure: ended, calls } = await run({
      uploadFile: async () => {
        throw failure('S3_UNREACHABLE', 'retry', false);
      },
    });
    expect(ended?.type).toBe('S3_UNREACHABLE');
    expect(calls).toEqual(['presign']);
  });

  it('fails with the code and the words of the step that failed, not with "Activity task failed"', async () => {
    const { failure: ended, progress } = await run({
      confirmUpload: async () => {
        throw failure('FILE_INVALID', 'final');
      },
    });
    expect(ended).toBeInstanceOf(ApplicationFailure);
    expect(ended?.type).toBe('FILE_INVALID');
    expect(ended?.message).toBe('FILE_INVALID happened to pk.csv. Do this.');
    expect(ended?.cause).toBeInstanceOf(ActivityFailure);
    expect(progress?.step).toBe('failed');
  });

  it('never starts an execution of a file that was not confirmed', async () => {
    const { calls } = await run({
      confirmUpload: async () => {
        throw failure('FILE_INVALID', 'final');
      },
    });
    expect(calls.some((call) => call.startsWith('start'))).toBe(false);
  });

  it('starts the other executions, and knows them, when one is refused', async () => {
    const { failure: ended, progress } = await run({
      startExecution: async (input) => {
        if (input.label === 'day 1') throw failure('EXECUTION_REFUSED', 'final');
        return happyActivities([]).startExecution(input);
      },
    });
    expect(ended?.type).toBe('EXECUTION_REFUSED');
    expect(progress?.executions.map(({ label }) => label)).toEqual(['day 7']);
  });

  it.each([
    ['nothing', undefined],
    ['a number', 7],
    ['no source', {}],
    ['a field of another type', { source: 'file:///pk.csv', executions: 'all' }],
    ['a field that is not known', { source: 'file:///pk.csv', excutions: [] }],
  ])('fails at once, naming each problem by its path, when a stranger sends %s', async (_what, input) => {
    const { failure: ended } = await run({ checkRequest: coded(checkRequest) }, input ?? null);
    expect(ended?.type).toBe('REQUEST_INVALID');
    expect(ended?.message).toMatch(/^The upload request is not valid: \S+: /);
  });

  it('fails as internal when something was thrown that has no code', async () => {
    const { failure: ended } = await run({
      confirmUpload: async () => {
        throw ApplicationFailure.create({
          type: 'TypeError',
          message: 'x is not a function',
          nonRetryable: true,
        });
      },
    });
    expect(ended).toMatchObject({ type: 'INTERNAL', message: 'pk.csv: x is not a function' });
  });

  describe('where the file is on one host', () => {
    const onLab1 = { ...request, host: 'lab-1' };

    /** A worker on the task queue of the host, and none of the steps that read the file anywhere else. */
    async function withHost<Result>(changes: Partial<UploadActivities>, work: () => Promise<Result>) {
      const { presignUpload, uploadFile } = { ...happyActivities([]), ...changes };
      const worker = await Worker.create({
        connection: env.nativeConnection,
        taskQueue: 'aplos-upload-on-lab-1',
        activities: { presignUpload, uploadFile },
      });
      return worker.runUntil(work);
    }
    const nowhereElse = {
      presignUpload: () => Promise.reject(failure('READ_ELSEWHERE', 'final')),
      uploadFile: () => Promise.reject(failure('READ_ELSEWHERE', 'final')),
    };

    it('reads it there, and does everything else anywhere', async () => {
      const { receipt, calls } = await withHost({}, () => run(nowhereElse, onLab1));
      expect(receipt).toMatchObject({ host: 'lab-1', status: 204 });
      expect(calls.toSorted()).toEqual(['confirm file-1', 'start day 1 on file-1', 'start day 7 on file-1']);
    });

    it('tells, while it waits, what it waits for and when it looks again, and stops telling when it goes on', async () => {
      const { progress, told } = await withWorker(
        { ...nowhereElse, lookForWorker: async () => false },
        async (_calls, taskQueue) => {
          const handle = await start(taskQueue, onLab1);
          const progressNow = () => handle.query<UploadProgress | undefined>('progress');
          await expect.poll(async () => (await progressNow())?.missingHost).toBe('lab-1');
          const { currentDetails } = await handle.query<{ currentDetails: string }>(
            '__temporal_workflow_metadata',
          );
          await withHost({}, () => handle.result());
          return { progress: await progressNow(), told: currentDetails };
        },
      );
      expect(told).toContain('Waits for a worker on `lab-1`');
      expect(told).toContain('APLOS_UPLOAD_HOST=lab-1 aplos-upload worker');
      expect(told).toMatch(/As of [\d-]+ \d\d:\d\d UTC; looks again at [\d-]+ \d\d:\d\d UTC/);
      expect(progress).not.toHaveProperty('missingHost');
    });

    /** The time-skipping server skips no time while a step waits for a worker, but while it waits for its next attempt. */
    const again = (nextRetryDelay: '2 hours' | '6 hours') =>
      ApplicationFailure.create({ type: 'X', message: 'X', nextRetryDelay });

    it('gives up when a worker was missing for seven days, and its history is of bounded length', async () => {
      let looks = 0;
      const lookForWorker = async () => {
        looks += 1;
        return false;
      };
      const presignUpload = async () => {
        if (Context.current().info.attempt < 28) throw again('6 hours');
        const cause = new TimeoutFailure('activity ScheduleToClose timeout', undefined, 'SCHEDULE_TO_CLOSE');
        throw ApplicationFailure.create({ message: 'as if nobody had taken it', nonRetryable: true, cause });
      };
      const { failure: ended, events } = await withWorker(
        { ...nowhereElse, lookForWorker },
        async (_calls, taskQueue) => {
          const handle = await start(taskQueue, onLab1);
          const error = await withHost({ presignUpload }, () => handle.result().catch((caught) => caught));
          const { events: all } = await handle.fetchHistory();
          return { failure: (error as WorkflowFailedError).cause, events: all?.length ?? 0 };
        },
      );
      expect(ended).toMatchObject({ type: 'HOST_WITHOUT_WORKER', nonRetryable: true });
      expect(ended?.message).toMatch(/^pk.csv is on the host lab-1, and no worker/);
      expect(looks).toBeGreaterThan(300);
      expect(events).toBeLessThan(2_500);
    });

    it('says nothing where the host is there but busy, nor where Temporal does not tell', async () => {
      const looks = [async () => true, () => Promise.reject(failure('API_FORBIDDEN', 'final'))];
      for (const lookForWorker of looks) {
        const missing = await withWorker({ ...nowhereElse, lookForWorker }, async (_calls, taskQueue) => {
          const handle = await start(taskQueue, onLab1);
          let seen: string | undefined = 'not looked';
          const presignUpload: UploadActivities['presignUpload'] = async (input) => {
            if (Context.current().info.attempt === 1) throw again('2 hours');
            seen = (await handle.query<UploadProgress>('progress')).missingHost;
            return happyActivities([]).presignUpload(input);
          };
          await withHost({ presignUpload }, () => handle.result());
          return seen;
        });
        expect(missing).toBeUndefined();
      }
    });

    it('looks for no worker where the request names no host', async () => {
      const { receipt } = await run({ lookForWorker: () => Promise.reject(failure('LOOKED', 'final')) });
      expect(receipt).not.toHaveProperty('host');
    });
  });

  const cancelledWhile = (fail: () => Error) =>
    withWorker(
      {
        uploadFile: async () => {
          const beat = setInterval(() => Context.current().heartbeat(), 50);
          try {
            return await Context.current().cancelled;
          } catch {
            throw fail();
          } finally {
            clearInterval(beat);
          }
        },
      },
      async (_calls, taskQueue) => {
        const handle = await start(taskQueue);
        await expect
          .poll(() => handle.query<UploadProgress>('progress').then(({ step }) => step))
          .toBe('upload');
        await handle.cancel();
        const error = await handle.result().catch((caught: WorkflowFailedError) => caught);
        return (error as WorkflowFailedError).cause;
      },
    );

  it('stops the upload and ends as cancelled when it is cancelled', async () => {
    expect(await cancelledWhile(() => new CancelledFailure('stopped'))).toBeInstanceOf(CancelledFailure);
  });

  it('ends as cancelled where the step failed meanwhile with what would have been tried again', async () => {
    expect(await cancelledWhile(() => failure('API_UNREACHABLE', 'retry'))).toBeInstanceOf(CancelledFailure);
  });

  it('ends as failed where the step failed meanwhile for good, though it was cancelled', async () => {
    expect(await cancelledWhile(() => failure('S3_REFUSED', 'final'))).toMatchObject({ type: 'S3_REFUSED' });
  });
});
