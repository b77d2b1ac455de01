import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { camelKey } from '../../sandbox/v3/camel-keys.js';
import { signedFields } from '../../src/aplos/form-fields.js';

const policyOf = (...conditions: unknown[]) =>
  Buffer.from(JSON.stringify({ expiration: '2030-01-01T00:00:00Z', conditions })).toString('base64');

/** Fields that a policy may name, as S3 spells them. */
const NAMES = [
  'acl',
  'Cache-Control',
  'Content-Disposition',
  'Content-Type',
  'key',
  'success_action_status',
  'success_action_redirect',
  'tagging',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-meta-study-id',
  'x-amz-meta-STUDY',
  'x-amz-security-token',
  'x-amz-server-side-encryption-aws-kms-key-id',
];

describe('signedFields', () => {
  it('restores the names that the policy signs, in order, whichever of them arrive in camelCase', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 }),
        fc.array(fc.boolean(), { minLength: NAMES.length, maxLength: NAMES.length }),
        fc.boolean(),
        (names, isCamel, areConditionsArrays) => {
          const conditions = names.map((name) =>
            areConditionsArrays ? ['eq', `$${name}`, name] : { [name]: name },
          );
          const sent = names.map((name, index) => [isCamel[index] ? camelKey(name) : name, name] as const);
          const policy = policyOf(['content-length-range', 1, 2], ...conditions);
          const fields = signedFields({ ...Object.fromEntries(sent), policy, xAmzSignature: 's' });
          const restored = Object.entries(fields);
          expect(restored.map(([name]) => name.toLowerCase())).toEqual(
            [...names, 'policy', 'x-amz-signature'].map((name) => name.toLowerCase()),
          );
          for (const [name, value] of restored)
            if (names.includes(value)) expect(name.toLowerCase()).toBe(value.toLowerCase());
        },
      ),
    );
  });

  it("writes amazon's names in lower case even if the policy does not", () => {
    const policy = policyOf({ 'X-Amz-Credential': 'c' });
    expect(Object.keys(signedFields({ xAmzCredential: 'c', policy }))).toEqual([
      'x-amz-credential',
      'policy',
    ]);
    expect(Object.keys(signedFields({ 'x-amz-credential': 'c', policy }))).toEqual([
      'x-amz-credential',
      'policy',
    ]);
  });

  it.each([
    ['is missing', {}],
    ['is not JSON', { policy: 'p' }],
    ['has other conditions', { policy: policyOf(1, null, [], ['eq'], { a: 1 }) }],
  ])('restores the names of Amazon if the policy %s, and keeps the others', (_what, policy) => {
    const fields = { key: 'k', xAmzMetaStudyId: '7', successActionStatus: '204', xAmazing: 'x', ...policy };
    expect(Object.keys(signedFields(fields)).slice(0, 4)).toEqual([
      'key',
      'x-amz-meta-study-id',
      'successActionStatus',
      'xAmazing',
    ]);
  });

  it.each([
    [{ 'x-amz-date': '1', xAmzDate: '1' }],
    [{ contentType: '1', 'Content-Type': '2' }],
    [{ 'content-type': '1', 'Content-Type': '2' }],
    [{ key: '1', Key: '1' }],
  ])('throws a final error for the same field in two spellings: %j', (fields) => {
    const policy = policyOf({ 'x-amz-date': '' }, ['starts-with', '$Content-Type', '']);
    expect(() => signedFields({ ...fields, policy })).toThrow(
      expect.objectContaining({ code: 'PRESIGN_AMBIGUOUS', retryable: false }),
    );
  });
});
