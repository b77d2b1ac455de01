import type { WorkflowService } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { describe, expect, it, vi } from 'vitest';
import { otherUploads } from '../../src/temporal/other-uploads.js';

const { WORKFLOW_EXECUTION_STATUS_RUNNING: RUNNING } = proto.temporal.api.enums.v1.WorkflowExecutionStatus;
const { PENDING_ACTIVITY_STATE_STARTED: STARTED } = proto.temporal.api.enums.v1.PendingActivityState;

const own = { workflowId: 'default:pk.csv:0123456789ab-one', runId: 'own-run' };
const other = { workflowId: 'default:pk.csv:0123456789ab-two', runId: 'other-run' };
const attempt = { ...own, activityId: 'a', scheduledMs: 1_000_000 };

/** Returns a server with two runs of the same content. The own run is listed from the given look on. */
function server(
  { listedAt = 0, scheduled = [] as string[], pending = [] as object[] } = {},
  looks = vi.fn(() => {}),
) {
  const running = (execution: object) => ({ execution, status: RUNNING });
  const service = {
    listWorkflowExecutions: async () => {
      looks();
      return {
        executions: [running(other), ...(looks.mock.calls.length > listedAt ? [running(own)] : [])],
      };
    },
    describeWorkflowExecution: async ({ execution }: { execution: typeof own }) => ({
      pendingActivities:
        execution.runId === own.runId
          ? [{ activityId: 'a', activityType: { name: 'startExecution' }, state: STARTED, ...startedAt(10) }]
          : pending,
      workflowExecutionInfo: { searchAttributes: { indexedFields: {} } },
    }),
    getWorkflowExecutionHistory: async () => ({
      history: {
        events: scheduled.map((name) => ({
          activityTaskScheduledEventAttributes: { activityType: { name } },
        })),
      },
    }),
  };
  return { service: service as unknown as WorkflowService, looks };
}

const startedAt = (ms: number) => ({ lastStartedTime: msToTs(ms) });
const othersOf = ({ service }: { service: WorkflowService }) =>
  otherUploads(service, 'default', attempt, { fileName: 'pk.csv', closedSinceMs: 0 });

describe('otherUploads', { tags: ['REQ-11'] }, () => {
  it('has no doubt about another run that has not begun to start executions', async () => {
    expect(await othersOf(server({ scheduled: ['presignUpload', 'uploadFile'] }))).toMatchObject({
      ahead: undefined,
      mayHaveSentUntilMs: Number.NEGATIVE_INFINITY,
    });
  });

  it('has a doubt about a start that is completed, and that no search attribute names yet', async () => {
    expect(await othersOf(server({ scheduled: ['uploadFile', 'startExecution'] }))).toMatchObject({
      ahead: undefined,
      mayHaveSentUntilMs: attempt.scheduledMs,
    });
  });

  it('lets a start that began earlier go ahead', async () => {
    const start = { activityId: 'b', activityType: { name: 'startExecution' }, state: STARTED };
    expect(await othersOf(server({ pending: [{ ...start, ...startedAt(9) }] }))).toMatchObject({
      ahead: other.workflowId,
    });
    expect(await othersOf(server({ pending: [{ ...start, ...startedAt(11) }] }))).toMatchObject({
      ahead: undefined,
    });
  });

  it('waits until the list shows the own run, because others do not see it before', async () => {
    const listed = server({ listedAt: 2 });
    expect(await othersOf(listed)).toMatchObject({ mayHaveSentUntilMs: Number.NEGATIVE_INFINITY });
    expect(listed.looks).toHaveBeenCalledTimes(3);
  });

  it.each([
    [
      'with the file name, which Temporal finds in an index',
      'pk.csv',
      "AplosFileName = 'pk.csv' AND WorkflowId",
    ],
    [
      'by the workflow ID alone if no query can contain the file name',
      '"pk".csv',
      "'uploadAnalysisFile' AND WorkflowId",
    ],
  ])('searches %s', async (_how, fileName, condition) => {
    const { service } = server();
    const list = vi.spyOn(service, 'listWorkflowExecutions');
    await otherUploads(service, 'default', attempt, { fileName, closedSinceMs: 0 });
    expect(list).toHaveBeenCalledWith(expect.objectContaining({ query: expect.stringContaining(condition) }));
  });

  it('has a doubt if the list never shows the own run', async () => {
    const others = await othersOf(server({ listedAt: Number.POSITIVE_INFINITY }));
    expect(others).toMatchObject({ ahead: undefined, mayHaveSentUntilMs: attempt.scheduledMs });
  });
});
