import { Agent } from 'undici';
import { onTestFinished } from 'vitest';
import type { PresignedPost } from '../../src/contract/steps.js';
import { type OpenFile, openSource } from '../../src/files/source.js';
import { HostList } from '../../src/http/host-list.js';
import type { PostOptions } from '../../src/s3/post-object.js';
import { temporaryFile } from './temporary-folder.js';

/** Fields of a presigned POST. Messages must never contain their values. */
export const FIELDS = {
  key: 'uploads/pk.csv',
  'x-amz-algorithm': 'AWS4-HMAC-SHA256',
  'x-amz-credential': 'ASIAIOSFODNN7EXAMPLE/20250101/us-east-1/s3/aws4_request',
  'x-amz-date': '20250101T000000Z',
  'x-amz-security-token': 'FwoGZXIvYXdzEXAMPLE//////////token+value=',
  policy: 'eyJleHBpcmF0aW9uIjoiMjAyNS0wMS0wMVQwMTowMDowMFoifQ==',
  'x-amz-signature': '4f0d3a8e9c1b2a7d6e5f4c3b2a1908f7e6d5c4b3a29180706f5e4d3c2b1a0908',
};

/** Creates a presigned POST to a server of the test. */
export const presignedPost = (
  url: string,
  fields: Readonly<Record<string, string>> = FIELDS,
): PresignedPost => ({
  url,
  fields,
  expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
});

/** Opens a file that is closed after the test. */
export async function openFile(content: Buffer | string): Promise<OpenFile> {
  const file = await openSource((await temporaryFile(content)).url, 'pk.csv');
  onTestFinished(() => file.close());
  return file;
}

/** The hosts of the servers of tests. */
export const LOOPBACK = new HostList(['127.0.0.0/8', '::1', 'localhost']);

/** Creates options with a long idle timeout. */
export function postOptions(overrides: Partial<PostOptions> = {}): PostOptions {
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  return {
    fileName: 'pk.csv',
    idleTimeoutMs: 30_000,
    signal: new AbortController().signal,
    onProgress: () => {},
    dispatcher,
    hosts: LOOPBACK,
    ...overrides,
  };
}
