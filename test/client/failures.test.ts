import { type Client, WorkflowFailedError } from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  defaultDataConverter,
  RetryState,
  TerminatedFailure,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { describeFailure, toUploadError } from '../../src/client/failures.js';
import { UploadFailedError } from '../../src/client/upload-failed-error.js';

const ended = (cause: Error) =>
  toUploadError(
    new WorkflowFailedError('Workflow execution failed', cause, RetryState.RETRY_POLICY_NOT_SET),
    'w1',
  );

describe('toUploadError', () => {
  it.each([
    [
      'failed with a code of the table',
      ApplicationFailure.create({ type: 'FILE_INVALID', message: 'It is no table. Correct it.' }),
      { code: 'FILE_INVALID', message: 'It is no table. Correct it.' },
    ],
    [
      'failed with a code that this version does not know',
      ApplicationFailure.create({ type: 'SOMETHING_NEW', message: 'New.' }),
      { code: 'INTERNAL', message: 'New.' },
    ],
    ['was cancelled', new CancelledFailure('x'), { code: 'CANCELLED', message: /was cancelled\. Upload/ }],
    [
      'was terminated',
      new TerminatedFailure('x', undefined),
      { code: 'TERMINATED', message: /was terminated\. Upload/ },
    ],
    [
      'ran out of time',
      new TimeoutFailure('Workflow execution timed out', undefined, TimeoutType.START_TO_CLOSE),
      { code: 'INTERNAL', message: 'Workflow execution timed out' },
    ],
  ])('converts the error of an upload that %s', (_what, cause, { code, message }) => {
    const error = ended(cause);
    expect(error).toBeInstanceOf(UploadFailedError);
    expect(error).toMatchObject({ code, workflowId: 'w1', cause, name: 'UploadFailedError' });
    expect((error as Error).message).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });

  it('returns any other error unchanged', () => {
    const error = new Error('The connection is gone');
    expect(toUploadError(error, 'w1')).toBe(error);
  });
});

describe('describeFailure', () => {
  it.each([
    ['the type of an application failure', { applicationFailureInfo: { type: 'S3_STALLED' } }, 'S3_STALLED'],
    ['STEP_TIMED_OUT for a timeout', { timeoutFailureInfo: {} }, 'STEP_TIMED_OUT'],
    ['INTERNAL for an application failure without a type', { applicationFailureInfo: {} }, 'INTERNAL'],
    ['INTERNAL for a failure of any other kind', { serverFailureInfo: {} }, 'INTERNAL'],
  ])('returns %s', async (_what, failure, code) => {
    const client = { options: { loadedDataConverter: defaultDataConverter } } as Client;
    const workflow = { type: 'workflow', namespace: 'default', workflowId: 'w1' } as const;
    expect(await describeFailure(client, { message: 'what happened', ...failure }, workflow)).toEqual({
      code,
      message: 'what happened',
    });
  });

  it('returns the code of a failure that is malformed', async () => {
    const client = { options: { loadedDataConverter: defaultDataConverter } } as Client;
    const workflow = { type: 'workflow', namespace: 'default', workflowId: 'w1' } as const;
    const malformed = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') };
    const applicationFailureInfo = { type: 'S3_STALLED', details: { payloads: [malformed] } };
    expect(await describeFailure(client, { applicationFailureInfo }, workflow)).toEqual({
      code: 'S3_STALLED',
      message: '(The message cannot be decoded)',
    });
  });
});
