import { Context } from '@temporalio/activity';
import type { WorkflowFailedError } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  type ApplicationFailureOptions,
  CancelledFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { lexer, walkTokens } from 'marked';
import { describe, expect, it } from 'vitest';
import { checkRequest } from '../../src/activities/checkRequest.js';
import { withErrorCodes } from '../../src/activities/failures.js';
import type { UploadProgress } from '../../src/contract/receipt.js';
import type { UploadActivities } from '../../src/contract/steps.js';
import { currentDetailsOf, outcomeOf, shownBy } from '../support/outcome.js';
import { ran, request, successfulActivities } from '../support/successful-activities.js';
import { timeSkipping } from '../support/time-skipping.js';

const failure = (type: string, remedy: string, options: ApplicationFailureOptions = { nonRetryable: true }) =>
  ApplicationFailure.create({
    type,
    message: `${type} happened to pk.csv. Do this.`,
    details: [{ code: type, remedy }],
    ...options,
  });

/** Returns a failure that says when to try again, as activities do. */
const outage = (type: string) => failure(type, 'retry', { nextRetryDelay: '1 hour' });

/** Releases a step that a test holds when its work ends, because the worker waits for the step before it stops. */
const releasing =
  (release: () => void, work: (taskQueue: string) => Promise<void>) =>
  (_calls: unknown, taskQueue: string): Promise<void> =>
    work(taskQueue).finally(release);

describe('uploadAnalysisFile', () => {
  const server = timeSkipping();

  function withWorker<Result>(
    changes: Partial<UploadActivities>,
    work: (calls: string[], taskQueue: string) => Promise<Result>,
  ) {
    const calls: string[] = [];
    return server.withWorker({ ...successfulActivities(calls), ...changes }, (taskQueue) =>
      work(calls, taskQueue),
    );
  }

  const start = (taskQueue: string, input: unknown = request) =>
    server.client.workflow.start('uploadAnalysisFile', { taskQueue, workflowId: taskQueue, args: [input] });

  const run = (changes: Partial<UploadActivities>, input?: unknown) =>
    withWorker(changes, async (calls, taskQueue) => {
      const handle = await start(taskQueue, input);
      const outcome = await outcomeOf(handle);
      const progress = await handle.query<UploadProgress | undefined>('progress');
      return { ...outcome, calls, progress };
    });

  it('only confirms a file that Aplos already has, then starts each execution', async () => {
    const stored = {
      ...request,
      source: 'aplos:file/f-1',
      expect: { sha256: 'a'.repeat(64) },
      correctionOf: { workflowId: 'w', runId: 'r' },
    };
    const { calls, receipt } = await run({}, stored);
    expect(calls[0]).toBe('confirm stored pk.csv');
    expect(calls.slice(1).sort()).toEqual(['start day 1 on f-1', 'start day 7 on f-1']);
    expect(receipt).toMatchObject({
      fileId: 'f-1',
      sha256: 'a'.repeat(64),
      contentProof: 'checksum',
      presigns: 0,
      correctionOf: { workflowId: 'w', runId: 'r' },
    });
    expect(receipt).not.toHaveProperty('status');
  });

  it('presigns, uploads, confirms and starts each execution, in this order', async () => {
    const { calls } = await run({});
    expect(calls.slice(0, 3)).toEqual(['presign', 'upload to key-1', 'confirm file-1']);
    expect(calls.slice(3).sort()).toEqual(['start day 1 on file-1', 'start day 7 on file-1']);
  });

  it('returns a receipt of what each step observed', { tags: ['REQ-18'] }, async () => {
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

  it('keeps the presigned POST out of the receipt', async () => {
    const { receipt } = await run({});
    expect(JSON.stringify(receipt)).not.toContain('amazonaws');
  });

  it('shows a step that fails again and again, until it ends', async () => {
    const { uploadFile } = successfulActivities([]);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await withWorker(
      { uploadFile: (input) => released.then(() => uploadFile(input)) },
      releasing(release, async (taskQueue) => {
        const handle = await start(taskQueue);
        const shown = () => shownBy(handle);
        await expect.poll(async () => (await shown()).currentDetails).toContain('Uploading');
        const report = { code: 'S3_UNREACHABLE', message: 'S3 does not respond.', attempt: 6 };
        await handle.signal('stepFails', { ...report, step: 'presignUpload' }); // arrives too late
        expect((await shown()).code).toBeUndefined();
        await handle.signal('stepFails', { ...report, step: 'uploadFile' });
        const failing = await shown();
        expect(failing.currentDetails).toMatch(
          /\*\*Failing again and again\*\*: uploadFile, attempt 6 at .* UTC.*\n\n\*\*S3.UNREACHABLE\*\*: S3 does not respond\./s,
        );
        expect(failing.code).toBe('S3_UNREACHABLE');
        await handle.signal('stepFails', { ...report, step: 'uploadFile', attempt: 24 });
        expect((await shown()).currentDetails).toContain('attempt 24');
        release();
        await handle.result();
        const done = await shown();
        expect(done.currentDetails).not.toContain('Failing');
        expect(done.code ?? undefined).toBeUndefined();
      }),
    );
  });

  it('shows that a start waits until Aplos takes more executions, and no longer once it was started', async () => {
    const { startExecution } = successfulActivities([]);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await withWorker(
      {
        startExecution: async (input) => {
          if (input.label === 'day 7') await released;
          return startExecution(input);
        },
      },
      releasing(release, async (taskQueue) => {
        const handle = await start(taskQueue);
        const shown = () => shownBy(handle);
        await expect.poll(async () => (await shown()).currentDetails).toContain('1 of 2 started');
        for (const label of ['day 1', 'day 7', 'day 9', 7]) await handle.signal('startWaits', { label });
        const waiting = await shown();
        expect(waiting.currentDetails).toMatch(
          /\*\*Waiting for Aplos\*\*, which takes no more executions at present \(since .* UTC\): day 7\./,
        );
        expect(waiting.code).toBe('EXECUTIONS_LIMITED');
        release();
        await handle.result();
        const done = await shown();
        expect(done.currentDetails).not.toContain('Waiting');
        expect(done.code ?? undefined).toBeUndefined();
      }),
    );
  });

  it('starts nothing if the request has no executions', async () => {
    const { receipt, calls } = await run({}, { source: 'file:///data/pk.csv' });
    expect(calls).toEqual(['presign', 'upload to key-1', 'confirm file-1']);
    expect(receipt?.executions).toEqual([]);
  });

  it('confirms an upload within the workflow task, and in a step of its own if that fails', async () => {
    const confirmed: string[] = [];
    const { receipt } = await run({
      confirmUpload: async () => {
        const { isLocal } = Context.current().info;
        confirmed.push(isLocal ? 'local' : 'regular');
        if (isLocal) throw failure('FILE_NOT_READY', 'retry', {});
        return { apiVersion: 'v1', fileState: 'ready', etagIsMd5: true, ran };
      },
    });
    expect(receipt?.fileState).toBe('ready');
    expect(confirmed).toEqual(['local', 'regular']);
  });

  it('presigns and uploads again if the presigned POST has expired', async () => {
    let uploads = 0;
    const { receipt } = await run({
      uploadFile: async (input) => {
        if (++uploads === 1) throw failure('S3_EXPIRED', 'presign-again');
        return successfulActivities([]).uploadFile(input);
      },
    });
    expect(receipt).toMatchObject({ fileId: 'file-2', presigns: 2 });
  });

  it('presigns and uploads again if the stored bytes are damaged', { tags: ['REQ-06'] }, async () => {
    const { receipt } = await run({
      confirmUpload: async ({ file }) => {
        if (file.fileId === 'file-1') throw failure('UPLOAD_CORRUPTED', 'presign-again');
        return { apiVersion: 'v1', fileState: 'ready', etagIsMd5: true, ran };
      },
    });
    expect(receipt).toMatchObject({ fileId: 'file-2', presigns: 2 });
  });

  it('fails after the fifth damaged upload, and starts nothing', async () => {
    const { failure: ended, calls } = await run({
      confirmUpload: async () => {
        throw failure('UPLOAD_CORRUPTED', 'presign-again');
      },
    });
    expect(ended?.type).toBe('UPLOAD_CORRUPTED');
    expect(calls.filter((call) => call === 'presign')).toHaveLength(5);
    expect(calls.some((call) => call.startsWith('start'))).toBe(false);
  });

  it('does not count presigned POSTs that expired before they were used', async () => {
    const { presignUpload, uploadFile } = successfulActivities([]);
    let presigns = 0;
    const { receipt } = await run({
      presignUpload: async (input) => {
        const result = await presignUpload(input);
        const expiresAt = ++presigns > 7 ? result.presigned.expiresAt : '2000-01-01T00:00:00.000Z';
        return { ...result, presigned: { ...result.presigned, expiresAt } };
      },
      uploadFile: async (input) => {
        if (presigns <= 7) throw failure('S3_EXPIRED', 'presign-again');
        return uploadFile(input);
      },
    });
    expect(receipt).toMatchObject({ presigns: 8 });
  });

  it('fails after the fifth presigned POST that S3 refused before it expired', async () => {
    const { failure: ended, calls } = await run({
      uploadFile: async () => {
        throw failure('S3_EXPIRED', 'presign-again');
      },
    });
    expect(ended?.type).toBe('S3_EXPIRED');
    expect(calls.filter((call) => call === 'presign')).toHaveLength(5);
  });

  it('continues after Aplos was unreachable for two days', { tags: ['REQ-01'] }, async () => {
    const begun = await server.currentTimeMs();
    const { receipt } = await run({
      presignUpload: async (input) => {
        if ((await server.currentTimeMs()) - begun < 2 * 24 * 3600_000) throw outage('API_UNREACHABLE');
        return successfulActivities([]).presignUpload(input);
      },
    });
    expect(receipt?.status).toBe(204);
  });

  it('fails after seven days with the code of the last attempt', async () => {
    const { failure: ended, calls } = await run({
      uploadFile: async () => {
        throw outage('S3_UNREACHABLE');
      },
    });
    expect(ended?.type).toBe('S3_UNREACHABLE');
    expect(calls).toEqual(['presign']);
  });

  it('fails with the code and message of the failed step instead of "Activity task failed"', async () => {
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

  it('starts no execution of a file that is not confirmed', { tags: ['REQ-08', 'REQ-09'] }, async () => {
    const { calls } = await run({
      confirmUpload: async () => {
        throw failure('FILE_INVALID', 'final');
      },
    });
    expect(calls.some((call) => call.startsWith('start'))).toBe(false);
  });

  it('starts the other executions and reports them if one is refused', async () => {
    const { failure: ended, progress } = await run({
      startExecution: async (input) => {
        if (input.label === 'day 1') throw failure('EXECUTION_REFUSED', 'final');
        return successfulActivities([]).startExecution(input);
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
  ])('fails immediately with the path of each problem if a client sends %s', async (_what, input) => {
    const { failure: ended } = await run(
      { checkRequest: withErrorCodes(checkRequest({ webhooks: { hasWebhook: () => false } })) },
      input ?? null,
    );
    expect(ended?.type).toBe('REQUEST_INVALID');
    expect(ended?.message).toMatch(/^The upload request is not valid: \S+: /);
  });

  it('fails as INTERNAL if an error has no code', async () => {
    const { failure: ended } = await run({
      confirmUpload: async () => {
        throw ApplicationFailure.create({
          type: 'TypeError',
          message: 'x is not a function',
          nonRetryable: true,
        });
      },
    });
    expect(ended).toMatchObject({
      type: 'INTERNAL',
      message: expect.stringContaining('pk.csv: x is not a function'),
    });
    expect(ended?.message).toContain('aplos-upload replay');
  });

  it('shows names and messages of others in the Temporal UI as text, and its own command as code', async () => {
    const hostile = '[a](http://evil.example) <b> `x` *y* http://evil.example';
    const details = await withWorker(
      { confirmUpload: () => Promise.reject(failure(`CODE ${hostile}`, 'final')) },
      async (_calls, taskQueue) => {
        const workflowId = `${taskQueue} $(touch x)'`;
        const handle = await server.client.workflow.start('uploadAnalysisFile', {
          taskQueue,
          workflowId,
          args: [
            { ...request, fileName: '<b> *y*.csv', profile: hostile, batch: hostile, requestedBy: hostile },
          ],
        });
        await handle.result().catch(() => {});
        return currentDetailsOf(handle);
      },
    );
    const types: string[] = [];
    walkTokens(lexer(details, { gfm: true }), ({ type }) => void types.push(type));
    expect(types).not.toContain('link');
    expect(types).not.toContain('html');
    expect(types).not.toContain('em');
    expect(details).toMatch(/^ {4}aplos-upload replay 'queue-\d+ \$\(touch x\)'\\'''$/m);
  });

  describe('with a file on one host', () => {
    const onLab1 = { ...request, host: 'lab-1' };

    /** Runs a worker on the task queue of the host during `work`. */
    function withHost<Result>(changes: Partial<UploadActivities>, work: () => Promise<Result>) {
      const { presignUpload, uploadFile } = { ...successfulActivities([]), ...changes };
      const taskQueue = 'aplos-upload-on-lab-1';
      return server.withWorker({ presignUpload, uploadFile }, work, { taskQueue });
    }
    const failElsewhere = {
      presignUpload: () => Promise.reject(failure('READ_ELSEWHERE', 'final')),
      uploadFile: () => Promise.reject(failure('READ_ELSEWHERE', 'final')),
    };

    it('reads the file on that host, and runs the other steps anywhere', async () => {
      const { receipt, calls } = await withHost({}, () => run(failElsewhere, onLab1));
      expect(receipt).toMatchObject({ host: 'lab-1', status: 204 });
      expect(calls.toSorted()).toEqual(['confirm file-1', 'start day 1 on file-1', 'start day 7 on file-1']);
    });

    it('shows the missing worker and the time of the next check while it waits, and no longer once it continues', async () => {
      const { progress, details } = await withWorker(
        { ...failElsewhere, lookForWorker: async () => false },
        async (_calls, taskQueue) => {
          const handle = await start(taskQueue, onLab1);
          const progressNow = () => handle.query<UploadProgress | undefined>('progress');
          await expect.poll(async () => (await progressNow())?.missingHost).toBe('lab-1');
          const details = await currentDetailsOf(handle);
          await withHost({}, () => handle.result());
          return { progress: await progressNow(), details };
        },
      );
      expect(details).toContain('Waiting for a worker on lab-1');
      expect(details).toContain('APLOS_UPLOAD_HOST=lab-1 aplos-upload worker');
      expect(details).toMatch(/Checked at [\d-]+ \d\d:\d\d UTC\. The next check is at [\d-]+ \d\d:\d\d UTC;/);
      expect(progress).not.toHaveProperty('missingHost');
    });

    /** The time-skipping server skips time while a step waits for its next attempt, but not while it waits for a worker. */
    const retryAfter = (nextRetryDelay: '2 hours' | '6 hours') =>
      ApplicationFailure.create({ type: 'X', message: 'X', nextRetryDelay });

    it('fails if a worker is missing for seven days, with a history of limited length', async () => {
      let checks = 0;
      const lookForWorker = async () => {
        checks += 1;
        return false;
      };
      const presignUpload = async () => {
        if (Context.current().info.attempt < 28) throw retryAfter('6 hours');
        const cause = new TimeoutFailure('activity ScheduleToClose timeout', undefined, 'SCHEDULE_TO_CLOSE');
        throw ApplicationFailure.create({
          message: 'as if no worker had started it',
          nonRetryable: true,
          cause,
        });
      };
      const { failure: ended, events } = await withWorker(
        { ...failElsewhere, lookForWorker },
        async (_calls, taskQueue) => {
          const handle = await start(taskQueue, onLab1);
          const error = await withHost({ presignUpload }, () => handle.result().catch((caught) => caught));
          const { events: all } = await handle.fetchHistory();
          return { failure: (error as WorkflowFailedError).cause, events: all?.length ?? 0 };
        },
      );
      expect(ended).toMatchObject({ type: 'HOST_WITHOUT_WORKER', nonRetryable: true });
      expect(ended?.message).toMatch(/^pk.csv is on the host lab-1, and no worker/);
      expect(checks).toBeGreaterThan(300);
      expect(events).toBeLessThan(2_500);
    });

    it('reports no missing worker if the host has a busy one, or if Temporal cannot tell', async () => {
      const checks = [async () => true, () => Promise.reject(failure('API_FORBIDDEN', 'final'))];
      for (const lookForWorker of checks) {
        const missing = await withWorker({ ...failElsewhere, lookForWorker }, async (_calls, taskQueue) => {
          const handle = await start(taskQueue, onLab1);
          let seen: string | undefined = 'not checked';
          const presignUpload: UploadActivities['presignUpload'] = async (input) => {
            if (Context.current().info.attempt === 1) throw retryAfter('2 hours');
            seen = (await handle.query<UploadProgress>('progress')).missingHost;
            return successfulActivities([]).presignUpload(input);
          };
          await withHost({ presignUpload }, () => handle.result());
          return seen;
        });
        expect(missing).toBeUndefined();
      }
    });

    it('does not check for a worker if the request names no host', async () => {
      const { receipt } = await run({ lookForWorker: () => Promise.reject(failure('CHECKED', 'final')) });
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

  it('stops the upload and ends as cancelled if it is cancelled', async () => {
    expect(await cancelledWhile(() => new CancelledFailure('stopped'))).toBeInstanceOf(CancelledFailure);
  });

  it('ends as cancelled if the step then fails with an error that would be retried', async () => {
    expect(await cancelledWhile(() => failure('API_UNREACHABLE', 'retry'))).toBeInstanceOf(CancelledFailure);
  });

  it('ends as failed if the step then fails with a final error, although it was cancelled', async () => {
    expect(await cancelledWhile(() => failure('S3_REFUSED', 'final'))).toMatchObject({ type: 'S3_REFUSED' });
  });
});
