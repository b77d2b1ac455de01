import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { setReadableHint } from '../../src/contract/readable-hint.js';
import { failureConverter } from '../../src/temporal/encoded-failure-converter.js';

const convert = (error: Error) => failureConverter.errorToFailure(error, defaultPayloadConverter);
const refused = ApplicationFailure.create({
  type: 'EXECUTION_REFUSED',
  message: 'pk.csv: dosing is wrong',
  cause: new Error('subject 12 has no dose'),
});

describe('the failure converter', () => {
  it('shows the type, but no message or stack of the failure and its causes', () => {
    const failure = convert(refused);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^EXECUTION_REFUSED \(message encrypted\): Aplos .*\.$/),
      applicationFailureInfo: { type: 'EXECUTION_REFUSED' },
      cause: { message: expect.not.stringContaining('dose') },
    });
    const shown = JSON.stringify(failure, (key, value) => (key === 'encodedAttributes' ? undefined : value));
    expect(shown).not.toMatch(/dosing|dose|test\.ts/);
  });

  it('shows the command that belongs to the failure', () => {
    const failure = ApplicationFailure.create({ type: 'S3_REFUSED', message: 'pk.csv: secret' });
    setReadableHint(failure, 'Run: aplos-upload replay w1');
    const { message } = convert(failure);
    expect(message).toMatch(/^S3_REFUSED \(message encrypted\): .* Run: aplos-upload replay w1$/);
    expect(message).not.toContain('secret');
  });

  it('restores the whole failure', () => {
    const back = failureConverter.failureToError(convert(refused), defaultPayloadConverter);
    expect(back).toMatchObject({ message: refused.message, cause: { message: 'subject 12 has no dose' } });
    expect(back.stack).toContain('encoded-failure-converter.test.ts');
  });

  it('keeps a failure readable that names the missing key', () => {
    const missing = ApplicationFailure.retryable('A payload is encrypted with…', 'PAYLOAD_UNREADABLE');
    expect(convert(missing)).toMatchObject({ message: 'A payload is encrypted with…' });
    expect(convert(missing).encodedAttributes).toBeUndefined();
  });
});
