import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { failureConverter } from '../../src/temporal/encoded-failure-converter.js';

const convert = (error: Error) => failureConverter.errorToFailure(error, defaultPayloadConverter);
const refused = ApplicationFailure.create({
  type: 'EXECUTION_REFUSED',
  message: 'pk.csv: dosing is wrong',
  cause: new Error('subject 12 has no dose'),
});

describe('a failure whose words are encoded', () => {
  it('shows its type, and neither message nor stack, its causes included', () => {
    const failure = convert(refused);
    expect(failure).toMatchObject({
      message: 'EXECUTION_REFUSED (message encrypted)',
      applicationFailureInfo: { type: 'EXECUTION_REFUSED' },
      cause: { message: expect.not.stringContaining('dose') },
    });
    const shown = JSON.stringify(failure, (key, value) => (key === 'encodedAttributes' ? undefined : value));
    expect(shown).not.toMatch(/dosing|dose|test\.ts/);
  });

  it('is given back whole', () => {
    const back = failureConverter.failureToError(convert(refused), defaultPayloadConverter);
    expect(back).toMatchObject({ message: refused.message, cause: { message: 'subject 12 has no dose' } });
    expect(back.stack).toContain('encoded-failure-converter.test.ts');
  });

  it('stays in plain where it says which key is missing', () => {
    const missing = ApplicationFailure.retryable('A payload is encrypted with…', 'PAYLOAD_UNREADABLE');
    expect(convert(missing)).toMatchObject({ message: 'A payload is encrypted with…' });
    expect(convert(missing).encodedAttributes).toBeUndefined();
  });
});
