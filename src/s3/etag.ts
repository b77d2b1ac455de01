import { UploadError } from '../contract/errors.js';
import type { UploadEvidence } from '../contract/steps.js';

/** Returns the value of an `ETag` header without its quotes. */
export const unquoteEtag = (header: string): string => header.replace(/^"(.*)"$/, '$1');

/**
 * Compares the MD5 that S3 stored with the MD5 of the bytes that were sent.
 *
 * @returns `false` if the ETag is not an MD5, and so proves nothing: with SSE-KMS, or if it was uploaded in parts
 * @throws {@link UploadError} `UPLOAD_CORRUPTED` if the MD5s differ
 */
export function verifyEtag(fileName: string, evidence: UploadEvidence): boolean {
  const { etag = '', md5, serverSideEncryption } = evidence;
  const isMd5 = /^[0-9a-f]{32}$/i.test(etag) && !serverSideEncryption?.startsWith('aws:kms');
  if (isMd5 && etag.toLowerCase() !== md5)
    throw new UploadError('UPLOAD_CORRUPTED', `S3 stored ${fileName} with MD5 ${etag}, but ${md5} was sent`, {
      details: { md5, etag },
    });
  return isMd5;
}
