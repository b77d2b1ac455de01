import { UploadError } from '../contract/errors.js';
import { isLoopback } from '../http/address.js';
import type { HostList } from '../http/host-list.js';
import { quote } from '../util/quote.js';

/** Endpoints of Amazon S3: global, regional, FIPS, dual-stack, accelerated or in a VPC; the bucket may be in the host name. */
const AMAZON_S3 =
  /(^|\.)s3(-accelerate|-fips|-[a-z]{2}(-[a-z]+)+-\d)?(\.dualstack)?(\.[a-z]{2}(-[a-z]+)+-\d)?(\.vpce)?\.amazonaws\.com(\.cn)?$/;

/**
 * Checks that a presigned POST goes to Amazon S3 or to an allow-listed host, and over TLS unless the host is this machine.
 * Files contain clinical data, so they must not go anywhere else.
 *
 * @param hosts allow-listed hosts in addition to Amazon S3. Default: none
 * @throws {@link UploadError} `S3_HOST_REFUSED`
 */
export function assertS3Host(url: URL, hosts: HostList | undefined, fileName: string): void {
  if (isLoopback(url)) return;
  const isAllowed = AMAZON_S3.test(url.hostname) || hosts?.has(url);
  if (isAllowed && url.protocol === 'https:') return;
  throw new UploadError(
    'S3_HOST_REFUSED',
    `The presigned POST for ${quote(fileName)} goes to ${url.protocol}//${url.host}, which is ${isAllowed ? 'not encrypted' : 'not a host of Amazon S3'}`,
  );
}
