import { ActivityFailure, ApplicationFailure, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { needsNewPresignedPost, workflowFailure } from '../../src/workflows/failures.js';

const ofStep = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'uploadFile', '1', 'TIMEOUT', 'a worker', cause);
const coded = (code: string, remedy: string) =>
  ApplicationFailure.create({
    type: code,
    message: `${code} happened to pk.csv. Do this.`,
    details: [{ code, remedy }],
  });

describe('the failure of the workflow', () => {
  it('has the code and the words of the step that failed', () => {
    const failure = workflowFailure(ofStep(coded('S3_REFUSED', 'final')), 'pk.csv');
    expect(failure).toMatchObject({
      type: 'S3_REFUSED',
      message: 'S3_REFUSED happened to pk.csv. Do this.',
      nonRetryable: true,
      details: [{ code: 'S3_REFUSED', remedy: 'final' }],
    });
  });

  it('has the code of the last attempt where a step was tried for as long as it may', () => {
    const last = coded('API_UNAVAILABLE', 'retry');
    const timeout = new TimeoutFailure('Activity task timed out', undefined, TimeoutType.SCHEDULE_TO_CLOSE);
    Object.assign(timeout, { cause: last });
    expect(workflowFailure(ofStep(timeout), 'pk.csv').type).toBe('API_UNAVAILABLE');
  });

  it('says that no worker got it done where there was no attempt', () => {
    const timeout = new TimeoutFailure('Activity task timed out', undefined, TimeoutType.SCHEDULE_TO_CLOSE);
    const failure = workflowFailure(ofStep(timeout), 'pk.csv');
    expect(failure.type).toBe('STEP_TIMED_OUT');
    expect(failure.message).toBe(
      'pk.csv: a step did not get done in all the time it was given. See that a worker is running and what it logged; then replay.',
    );
  });

  it('is internal where nothing below has a code', () => {
    const failure = workflowFailure(ofStep(new Error('x is not a function')), 'pk.csv');
    expect(failure).toMatchObject({ type: 'INTERNAL', message: 'pk.csv: x is not a function' });
  });
});

describe('whether a new presigned POST is the way on', () => {
  it.each([
    ['presign-again', true],
    ['retry', false],
    ['final', false],
  ])('is said by the remedy %s: %s', (remedy, expected) => {
    expect(needsNewPresignedPost(ofStep(coded('ANY', remedy)))).toBe(expected);
  });

  it('is not assumed of anything else', () => {
    expect(needsNewPresignedPost(new Error('x'))).toBe(false);
    expect(needsNewPresignedPost(undefined)).toBe(false);
  });
});
