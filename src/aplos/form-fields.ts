import { z } from 'zod';
import { UploadError } from '../contract/errors.js';
import { tryParseJson } from '../contract/parse-json.js';
import { plainKey } from '../contract/plain-key.js';
import { shortenText } from '../util/shorten-text.js';

const conditionSchema = z.union([
  z.tuple([z.string(), z.string()], z.unknown()).transform(([, name]) => [name.replace(/^\$/, '')]),
  z.record(z.string(), z.unknown()).transform((condition) => Object.keys(condition)),
  z.unknown().transform((): string[] => []),
]);
const policySchema = z.object({ conditions: z.array(conditionSchema) });

/** Fields that no condition of a policy names. */
const UNCONDITIONAL = ['policy', 'x-amz-signature', 'AWSAccessKeyId', 'signature'];

/**
 * Returns the fields of a presigned POST under the names that S3 has signed, in the same order. Aplos may change the case of keys
 * in its responses: `x-amz-credential` arrives as `xAmzCredential`. The policy names the fields that S3 expects; fields that it
 * does not name are kept, except that `xAmz…` becomes `x-amz-…`.
 *
 * @throws {@link UploadError} `PRESIGN_AMBIGUOUS` if two fields have the same name
 */
export function signedFields(fields: Readonly<Record<string, string>>): Record<string, string> {
  const expected = namesInPolicy(fields);
  const isExpected = new Set(expected.map((name) => name.toLowerCase()));
  const originals = new Map(expected.map((name) => [plainKey(name), amazonName(name)]));
  const seen = new Map<string, string>();
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      const name = isExpected.has(key.toLowerCase())
        ? key
        : (originals.get(plainKey(key)) ?? amazonName(key));
      const other = seen.get(name.toLowerCase());
      if (other !== undefined) throw ambiguous(other, key);
      seen.set(name.toLowerCase(), key);
      return [name, value];
    }),
  );
}

function namesInPolicy(fields: Readonly<Record<string, string>>): string[] {
  const [, policy = ''] = Object.entries(fields).find(([key]) => plainKey(key) === 'policy') ?? [];
  const { data } = policySchema.safeParse(tryParseJson(Buffer.from(policy, 'base64').toString('utf8')));
  return [...(data?.conditions.flat() ?? []), ...UNCONDITIONAL];
}

/** Returns `x-amz-meta-study` for `xAmzMetaStudy` and `X-Amz-Meta-Study`, and other names unchanged. */
function amazonName(key: string): string {
  if (/^x-amz-/i.test(key)) return key.toLowerCase();
  return /^xAmz[A-Z]/.test(key) ? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) : key;
}

const ambiguous = (one: string, other: string): UploadError =>
  new UploadError(
    'PRESIGN_AMBIGUOUS',
    `Aplos returned a presigned POST with the form field "${shortenText(one)}" also as "${shortenText(other)}"`,
  );
