import { ActivityFailure, ApplicationFailure, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { readableHint } from '../../src/contract/readable-hint.js';
import { needsNewPresignedPost, workflowFailure } from '../../src/workflows/failures.js';

const activityFailure = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'uploadFile', '1', 'TIMEOUT', 'a worker', cause);
const codedFailure = (code: string, remedy: string) =>
  ApplicationFailure.create({
    type: code,
    message: `${code} happened to pk.csv. Do this.`,
    details: [{ code, remedy }],
  });

describe('workflowFailure', () => {
  it('has the code and the message of the step that failed', () => {
    const failure = workflowFailure(activityFailure(codedFailure('S3_REFUSED', 'final')), 'pk.csv');
    expect(failure).toMatchObject({
      type: 'S3_REFUSED',
      message: 'S3_REFUSED happened to pk.csv. Do this.',
      nonRetryable: true,
      details: [{ code: 'S3_REFUSED', remedy: 'final' }],
    });
  });

  it('ends with the command to run, and keeps it readable if the message is encrypted', () => {
    const command = 'aplos-upload replay w1';
    const failure = workflowFailure(
      activityFailure(codedFailure('S3_REFUSED', 'final')),
      'pk.csv',
      () => command,
    );
    expect(failure.message).toBe(`S3_REFUSED happened to pk.csv. Do this. Run: ${command}`);
    expect(readableHint(failure)).toBe(`Run: ${command}`);
  });

  it('has the code of the last attempt if a step timed out while it was retried', () => {
    const last = codedFailure('API_UNAVAILABLE', 'retry');
    const timeout = new TimeoutFailure('Activity task timed out', undefined, TimeoutType.SCHEDULE_TO_CLOSE);
    Object.assign(timeout, { cause: last });
    expect(workflowFailure(activityFailure(timeout), 'pk.csv').type).toBe('API_UNAVAILABLE');
  });

  it('is STEP_TIMED_OUT if a step timed out without a failed attempt', () => {
    const timeout = new TimeoutFailure('Activity task timed out', undefined, TimeoutType.SCHEDULE_TO_CLOSE);
    const failure = workflowFailure(activityFailure(timeout), 'pk.csv');
    expect(failure.type).toBe('STEP_TIMED_OUT');
    expect(failure.message).toBe(
      'pk.csv: A step did not finish within its time limit. Check that a worker is running, and read its log. Then replay the upload.',
    );
  });

  it('is INTERNAL if no cause has a code', () => {
    const failure = workflowFailure(activityFailure(new Error('x is not a function')), 'pk.csv');
    expect(failure).toMatchObject({ type: 'INTERNAL', message: 'pk.csv: x is not a function' });
  });
});

describe('needsNewPresignedPost', () => {
  it.each([
    ['presign-again', true],
    ['retry', false],
    ['final', false],
  ])('returns for the remedy %s: %s', (remedy, expected) => {
    expect(needsNewPresignedPost(activityFailure(codedFailure('ANY', remedy)))).toBe(expected);
  });

  it('returns false for errors without a code', () => {
    expect(needsNewPresignedPost(new Error('x'))).toBe(false);
    expect(needsNewPresignedPost(undefined)).toBe(false);
  });
});
