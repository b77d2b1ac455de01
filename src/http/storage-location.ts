import { resolve } from 'node:path';
import type { StorageLocation } from '../contract/results.js';
import { isBucketName } from './aws.js';

/** Returns the directory or S3 prefix that a text names; `undefined` if it is neither a path nor `s3://BUCKET/PREFIX/`. */
export function storageLocationFrom(text: string): StorageLocation | undefined {
  if (!text.includes('://')) return text === '' ? undefined : { text: resolve(text), path: resolve(text) };
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(text) ?? [];
  return isBucketName(bucket) ? { text, bucket, prefix } : undefined;
}
