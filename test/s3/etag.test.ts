import { describe, expect, it } from 'vitest';
import type { UploadEvidence } from '../../src/contract/steps.js';
import { unquoteEtag, verifyEtag } from '../../src/s3/etag.js';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const evidence = (changes: Partial<UploadEvidence>): UploadEvidence => ({
  status: 204,
  md5: MD5,
  sha256: 'f'.repeat(64),
  sizeBytes: 1,
  seconds: 0.1,
  ...changes,
});

describe('verifyEtag', () => {
  it.each<[what: string, changes: Partial<UploadEvidence>]>([
    ['equals the MD5', { etag: MD5 }],
    ['equals the MD5 in upper case', { etag: MD5.toUpperCase() }],
    ['equals the MD5 under SSE-S3', { etag: MD5, serverSideEncryption: 'AES256' }],
  ])('returns true if the ETag %s', (_what, changes) => {
    expect(verifyEtag('pk.csv', evidence(changes))).toBe(true);
  });

  it.each<[what: string, changes: Partial<UploadEvidence>]>([
    ['is missing', {}],
    ['has a part count', { etag: `${MD5}-2` }],
    ['is shorter than an MD5', { etag: MD5.slice(1) }],
    ['comes with SSE-KMS', { etag: 'a'.repeat(32), serverSideEncryption: 'aws:kms' }],
    ['comes with double SSE-KMS', { etag: 'a'.repeat(32), serverSideEncryption: 'aws:kms:dsse' }],
  ])('returns false if the ETag %s', (_what, changes) => {
    expect(verifyEtag('pk.csv', evidence(changes))).toBe(false);
  });

  it('throws UPLOAD_CORRUPTED with both MD5s if the ETag is another MD5', () => {
    const etag = 'a'.repeat(32);
    expect(() => verifyEtag('pk.csv', evidence({ etag }))).toThrow(
      expect.objectContaining({ code: 'UPLOAD_CORRUPTED', details: { md5: MD5, etag } }),
    );
  });
});

describe('unquoteEtag', () => {
  it.each([
    [`"${MD5}"`, MD5],
    [MD5, MD5],
    ['""', ''],
  ])('returns %s as %s', (header, etag) => {
    expect(unquoteEtag(header)).toBe(etag);
  });
});
