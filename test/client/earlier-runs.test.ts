import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { defaultDataConverter } from '@temporalio/common/lib/converter/data-converter.js';
import { describe, expect, it } from 'vitest';
import { joinEarlierRuns } from '../../src/client/earlier-runs.js';
import { parseUploadRequest, type UploadRequestInput } from '../../src/contract/request.js';

interface Run {
  /** What its request asks for. Default: only the start of its executions */
  readonly until?: 'completed';
  readonly limit?: number;
  /** Whether its receipt says how its executions ended. Default: `false` */
  readonly hasEnds?: boolean;
  readonly runId: string;
  readonly state: 'RUNNING' | 'COMPLETED' | 'FAILED';
  readonly batches?: readonly string[];
}

/**
 * Returns a client of a Temporal server with one workflow.
 *
 * @param latest what each description of the workflow returns; undefined: it does not exist
 * @param completed what the list of completed runs returns
 */
function fakeTemporal(latest: (Run | undefined)[], completed: Run[] = []) {
  const signals: unknown[] = [];
  const infoOf = ({ runId, state, batches = [] }: Run) => ({
    workflowId: 'w',
    runId,
    status: { name: state },
    searchAttributes: { AplosBatch: batches },
    startTime: new Date(0),
  });
  const gone = () => new WorkflowNotFoundError('It has closed', 'w', undefined);
  const all = [...latest, ...completed];
  const find = (runId: string | undefined) => all.find((run) => run?.runId === runId);
  const client = {
    options: { namespace: 'default', loadedDataConverter: defaultDataConverter },
    workflowService: {
      getWorkflowExecutionHistory: async ({ execution }: { execution: { runId: string } }) => {
        const { until, limit: completionTimeoutSeconds } = find(execution.runId) ?? {};
        const payload = defaultPayloadConverter.toPayload({ until, completionTimeoutSeconds });
        const workflowExecutionStartedEventAttributes = { input: { payloads: [payload] } };
        return { history: { events: [{ workflowExecutionStartedEventAttributes }] } };
      },
    },
    workflow: {
      getHandle: (_id: string, signalled?: string) => ({
        result: async () => ({
          steps: [],
          executions: [{ ...(find(signalled)?.hasEnds ? { completion: { status: 'complete' } } : {}) }],
        }),
        describe: async () => {
          const run = latest.length > 1 ? latest.shift() : latest[0];
          if (!run) throw gone();
          return infoOf(run);
        },
        signal: async (name: string, input: unknown) => {
          const isRunning = latest[0]?.runId === signalled && latest[0]?.state === 'RUNNING';
          if (!isRunning) throw gone();
          signals.push([name, input]);
        },
      }),
      list: async function* () {
        yield* completed.map(infoOf);
      },
    },
  } as unknown as Client;
  const join = (batch?: string, wanted: Partial<UploadRequestInput> = {}) => {
    const request = parseUploadRequest({ source: 'file:///pk.csv', requestedBy: 'jane', batch, ...wanted });
    return joinEarlierRuns(client, 'w', request);
  };
  return { join, signals };
}

const running: Run = { runId: 'r1', state: 'RUNNING', batches: ['one'] };
const done: Run = { runId: 'r1', state: 'COMPLETED', batches: ['one'] };
const failed: Run = { runId: 'r2', state: 'FAILED', batches: ['two', 'three'] };

describe('joinEarlierRuns', () => {
  it.each([['one'], [undefined]])(
    'joins a running run if the batch is %s, without a signal',
    async (batch) => {
      const { join, signals } = fakeTemporal([running]);
      expect(await join(batch)).toMatchObject({ joined: { runId: 'r1', state: 'running' } });
      expect(signals).toEqual([]);
    },
  );

  it('joins a running run of another batch, and adds the batch to it', async () => {
    const { join, signals } = fakeTemporal([running]);
    expect(await join('two')).toMatchObject({ joined: { runId: 'r1' } });
    expect(signals).toEqual([['addBatch', { batch: 'two', requestedBy: 'jane' }]]);
  });

  it('repeats a run that has closed before the batch could be added', async () => {
    const { join, signals } = fakeTemporal([running, done]);
    expect(await join('two')).toMatchObject({ request: { batch: 'two', repeatOf: 'r1' } });
    expect(signals).toEqual([]);
  });

  it.each([['one'], [undefined]])('joins a completed run if the batch is %s', async (batch) => {
    expect(await fakeTemporal([done]).join(batch)).toMatchObject({ joined: { runId: 'r1', state: 'done' } });
  });

  it('repeats a run that was completed in another batch', async () => {
    const { request } = (await fakeTemporal([done], [done]).join('two')) as { request: object };
    expect(request).toMatchObject({ batch: 'two', repeatOf: 'r1' });
    expect(request).not.toHaveProperty('otherBatches');
  });

  it('joins an earlier run that was completed in the batch', async () => {
    const other: Run = { runId: 'r2', state: 'COMPLETED', batches: ['two'] };
    expect(await fakeTemporal([other], [other, done]).join('one')).toMatchObject({ joined: { runId: 'r1' } });
  });

  it('joins a completed run of the batch if a later run of another batch failed', async () => {
    expect(await fakeTemporal([failed], [done]).join('one')).toMatchObject({ joined: { runId: 'r1' } });
  });

  it('repeats a completed run if a later run failed, for the batches of both', async () => {
    expect(await fakeTemporal([failed], [done]).join('two')).toMatchObject({
      request: { batch: 'two', otherBatches: ['three'], repeatOf: 'r1' },
    });
  });

  it('runs failed work again for its batches too', async () => {
    const { request } = (await fakeTemporal([failed]).join('one')) as { request: object };
    expect(request).toMatchObject({ batch: 'one', otherBatches: ['two', 'three'] });
    expect(request).not.toHaveProperty('repeatOf');
  });

  it('runs the work if Temporal has deleted the runs meanwhile', async () => {
    const { request } = (await fakeTemporal([undefined]).join('one')) as { request: object };
    expect(request).toMatchObject({ batch: 'one' });
    expect(request).not.toHaveProperty('repeatOf');
  });

  describe('for a request that waits for the end of the executions', () => {
    const completed = { until: 'completed' } as const;

    it.each<[what: string, run: Partial<Run>, signals: unknown[]]>([
      ['only starts them', {}, [['extend', completed]]],
      ['waits for them', completed, []],
      [
        'waits for a shorter time',
        { ...completed, limit: 60 },
        [['extend', { ...completed, completionTimeoutSeconds: 120 }]],
      ],
    ])('joins a running run that %s, and makes it go as far', async (_what, run, expected) => {
      const limit = run.limit === undefined ? {} : { completionTimeoutSeconds: 120 };
      const { join, signals } = fakeTemporal([{ ...running, ...run }]);
      expect(await join('one', { ...completed, ...limit })).toMatchObject({ joined: { runId: 'r1' } });
      expect(signals).toEqual(expected);
    });

    it('repeats a run that has closed before it could go further', async () => {
      const { join, signals } = fakeTemporal([running, done]);
      expect(await join('one', completed)).toMatchObject({ request: { ...completed, repeatOf: 'r1' } });
      expect(signals).toEqual([]);
    });

    it('joins a completed run that saw the ends of all executions', async () => {
      const { join } = fakeTemporal([{ ...done, hasEnds: true }]);
      expect(await join('one', completed)).toMatchObject({ joined: { runId: 'r1', state: 'done' } });
    });

    it('repeats a completed run that saw none of them', async () => {
      expect(await fakeTemporal([done], [done]).join('one', completed)).toMatchObject({
        request: { ...completed, repeatOf: 'r1' },
      });
    });

    it('joins an earlier run of the batch that saw them, and not a later one that did not', async () => {
      const earlier: Run = { runId: 'r0', state: 'COMPLETED', batches: ['one'], hasEnds: true };
      expect(await fakeTemporal([done], [done, earlier]).join('one', completed)).toMatchObject({
        joined: { runId: 'r0' },
      });
    });
  });
});
