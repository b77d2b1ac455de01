import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { withErrorCodes } from '../../src/activities/failures.js';
import { reportIfFailing } from '../../src/activities/report-failing.js';
import { type ErrorCode, UploadError } from '../../src/contract/errors.js';
import type { FailingStep } from '../../src/contract/failing-step.js';
import { WORKFLOW_TYPE } from '../../src/contract/names.js';

type Info = ConstructorParameters<typeof MockActivityEnvironment>[0];

/** Runs an attempt that fails, and returns what it reports to the workflow. */
async function reportsOf(code: ErrorCode, info: Info, input: unknown = {}): Promise<FailingStep[]> {
  const reports: FailingStep[] = [];
  const activity = withErrorCodes(
    (_input: unknown) => Promise.reject(new UploadError(code, 'Something happened to pk.csv')),
    (failure, given) => reportIfFailing(failure, given, async (report) => void reports.push(report)),
  );
  const environment = new MockActivityEnvironment({
    activityType: 'startExecution',
    workflowType: WORKFLOW_TYPE,
    ...info,
  });
  await expect(environment.run(activity, input)).rejects.toMatchObject({ type: code });
  return reports;
}

describe('an attempt that fails', () => {
  it('is reported with its error if the step has failed for a while', async () => {
    expect(await reportsOf('API_UNAVAILABLE', { attempt: 6 }, { label: 'day 1' })).toEqual([
      {
        step: 'startExecution',
        label: 'day 1',
        code: 'API_UNAVAILABLE',
        attempt: 6,
        message: expect.stringMatching(/^Something happened to pk\.csv\. /),
      },
    ]);
  });

  it.each<[string, ErrorCode, Info]>([
    ['the first', 'API_UNAVAILABLE', { attempt: 1 }],
    ['one between two reports', 'API_UNAVAILABLE', { attempt: 7 }],
    ['one that is final', 'FILE_INVALID', { attempt: 6 }],
    ['one that waits for Aplos', 'EXECUTION_PENDING', { attempt: 6 }],
    ['one that waits for its turn', 'EXECUTIONS_LIMITED', { attempt: 6 }],
    ['a local activity', 'API_UNAVAILABLE', { attempt: 6, isLocal: true }],
    ['one of another workflow', 'API_UNAVAILABLE', { attempt: 6, workflowType: 'previewAnalyses' }],
  ])('is not reported if it is %s', async (_what, code, info) => {
    expect(await reportsOf(code, info)).toEqual([]);
  });

  it('fails with its own code if the report fails', async () => {
    const activity = withErrorCodes(
      () => Promise.reject(new UploadError('API_UNAVAILABLE', 'Something happened')),
      (failure, given) => reportIfFailing(failure, given, () => Promise.reject(new Error('gone'))),
    );
    const environment = new MockActivityEnvironment({ attempt: 6, workflowType: WORKFLOW_TYPE });
    await expect(environment.run(activity)).rejects.toMatchObject({ type: 'API_UNAVAILABLE' });
  });
});
