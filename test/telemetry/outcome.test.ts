import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../src/telemetry/outcome.js';

describe('outcomeOf', () => {
  it.each([
    ['pending', 'EXECUTION_PENDING', ApplicationFailure.retryable('At work', 'EXECUTION_PENDING')],
    ['failed', 'EXECUTION_FAILED', ApplicationFailure.nonRetryable('Failed', 'EXECUTION_FAILED')],
    ['failed', 'INTERNAL', ApplicationFailure.retryable('Forged', 'something else')],
    ['failed', 'INTERNAL', new Error('Unexpected')],
    ['cancelled', '', new CancelledFailure('Cancelled')],
  ])('is "%s" with the code "%s" after %s', (result, code, error) => {
    expect(outcomeOf(error)).toEqual({ result, code });
  });
});
