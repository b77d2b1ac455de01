import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isReported, parseFailingStep } from '../../src/contract/failing-step.js';

describe('isReported', () => {
  it('selects few attempts, however often a step fails', () => {
    const attempts = Array.from({ length: 2_100 }, (_, index) => index + 1); // seven days, every five minutes
    expect(attempts.filter(isReported)).toEqual([6, 24, 96, 384, 1536]);
  });
});

describe('parseFailingStep', () => {
  const report = { step: 'uploadFile', code: 'S3_UNREACHABLE', message: 'S3 does not respond.', attempt: 6 };

  it('accepts what a worker sends', () => {
    expect(parseFailingStep(report)).toEqual(report);
    expect(parseFailingStep({ ...report, label: 'day 1', more: 1 })).toEqual({ ...report, label: 'day 1' });
  });

  it('limits the message', () => {
    expect(parseFailingStep({ ...report, message: 'x'.repeat(9_999) })?.message).toHaveLength(2_000);
  });

  it.each([
    { ...report, code: 'not a code' },
    { ...report, attempt: '6' },
    { ...report, label: 7 },
    { step: 'uploadFile' },
  ])('rejects %j', (input) => {
    expect(parseFailingStep(input)).toBeUndefined();
  });

  it('throws for no input', () => {
    fc.assert(fc.property(fc.anything(), (input) => void parseFailingStep(input)));
  });
});
