import { z } from 'zod';
import type { FileRecord } from './files.js';
import { S3Error } from './s3-error.js';
import type { S3Form } from './s3-form.js';

const policySchema = z.object({
  conditions: z.array(z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())])),
});

/**
 * Refuses requests that Amazon S3 refuses and SeaweedFS accepts: with a missing, wrong or expired security token, or with
 * fields that the policy does not cover.
 *
 * @param file file record with the key of the form
 * @throws S3Error as Amazon S3 responds
 */
export function checkForm({ fields }: S3Form, file: FileRecord | undefined): void {
  const value = (field: string) => fields.find(([name]) => name.toLowerCase() === field)?.[1];
  if (value('key') === undefined)
    throw new S3Error(400, 'InvalidArgument', "Bucket POST must contain a field named 'key'.");
  const policy = value('policy');
  if (policy === undefined) throw new S3Error(403, 'AccessDenied', 'Access Denied');

  const token = value('x-amz-security-token');
  if (token === undefined)
    throw new S3Error(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    );
  if (token !== file?.fields['x-amz-security-token'])
    throw new S3Error(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.');
  if (Date.now() >= file.tokenExpiresAt)
    throw new S3Error(400, 'ExpiredToken', 'The provided token has expired.');

  const covered = fieldsCovered(policy);
  const extra = fields.map(([name]) => name.toLowerCase()).filter((name) => !covered(name));
  if (extra.length > 0)
    throw new S3Error(
      403,
      'AccessDenied',
      `Invalid according to Policy: Extra input fields: ${extra.join(',')}`,
    );
}

/** Returns a check for fields that a policy covers. The policy, its signature and `x-ignore-` fields need no condition. */
function fieldsCovered(policy: string): (name: string) => boolean {
  const names = new Set(['policy', 'x-amz-signature']);
  for (const condition of conditionsOf(policy)) {
    const named = Array.isArray(condition)
      ? [String(condition[1]).replace(/^\$/, '')]
      : Object.keys(condition);
    for (const name of named) names.add(name.toLowerCase());
  }
  return (name) => names.has(name) || name.startsWith('x-ignore-');
}

function conditionsOf(policy: string): z.infer<typeof policySchema>['conditions'] {
  try {
    return policySchema.parse(JSON.parse(Buffer.from(policy, 'base64').toString())).conditions;
  } catch {
    throw new S3Error(
      400,
      'InvalidPolicyDocument',
      'The content of the form does not meet the conditions specified in the policy document.',
    );
  }
}
