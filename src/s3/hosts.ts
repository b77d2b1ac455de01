import { UploadError } from '../contract/errors.js';
import { isLoopback } from '../http/address.js';
import { awsPartitions, partitionOf } from '../http/aws.js';
import type { HostList } from '../http/host-list.js';
import { quote } from '../util/quote.js';

/** Allowed targets of uploads. Files contain clinical data, so they must not go anywhere else. */
export interface S3Targets {
  /** Hosts that may receive files, in addition to Amazon S3. Default: none */
  readonly hosts?: HostList | undefined;
  /** Names of the buckets and access points that may receive files, at any host. Default: all */
  readonly buckets?: readonly string[] | undefined;
}

/**
 * Checks that a presigned POST goes to an allowed bucket, at Amazon S3 or at an allow-listed host, over TLS unless that
 * host is this machine.
 *
 * @throws {@link UploadError} `S3_HOST_REFUSED`, `S3_BUCKET_REFUSED`
 */
export function assertS3Target(
  presignedUrl: string,
  { hosts, buckets = [] }: S3Targets,
  fileName: string,
): void {
  const what = `The presigned POST for ${quote(fileName)}`;
  const { url, bucket } = allowedUrl(presignedUrl, hosts, what);
  if (buckets.length > 0 && !buckets.includes(bucket))
    throw new UploadError(
      'S3_BUCKET_REFUSED',
      `${what} goes to the bucket ${quote(bucket)} at ${url.host}, which is not one of APLOS_UPLOAD_S3_BUCKETS: ${buckets.join(', ')}`,
    );
}

/**
 * Checks that a presigned GET goes to Amazon S3 or to an allow-listed host, over TLS unless that host is this machine. Any
 * bucket is allowed, because nothing is sent there.
 *
 * @param what the link as the subject of a message
 * @throws {@link UploadError} `S3_HOST_REFUSED`
 */
export function assertS3Origin(presignedUrl: string, { hosts }: S3Targets, what: string): void {
  allowedUrl(presignedUrl, hosts, what);
}

function allowedUrl(
  presignedUrl: string,
  hosts: HostList | undefined,
  what: string,
): { readonly url: URL; readonly bucket: string } {
  const url = URL.canParse(presignedUrl) ? new URL(presignedUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UploadError('S3_HOST_REFUSED', `${what} has no http: or https: URL`);
  const target = amazonTarget(url) ?? (hosts?.has(url) ? { bucket: bucketAtOtherHost(url) } : undefined);
  if (!target) throw hostRefused(url, what, 'not a host of Amazon S3');
  if (url.protocol !== 'https:' && !isLoopback(url)) throw hostRefused(url, what, 'not encrypted');
  return { url, bucket: target.bucket };
}

/**
 * Returns the name of the bucket or access point in the URL of a presigned POST. At Amazon S3, it is in the host name, or
 * else first in the path. At other hosts, it is first in the path, or else the first label of the host name.
 *
 * @returns the empty string if the URL contains none
 */
export const bucketIn = (url: URL): string =>
  (amazonTarget(url) ?? { bucket: bucketAtOtherHost(url) }).bucket;

const hostRefused = ({ protocol, host }: URL, what: string, problem: string) =>
  new UploadError('S3_HOST_REFUSED', `${what} goes to ${protocol}//${host}, which is ${problem}`);

/**
 * Names of Amazon S3 below the domain of a partition, without the bucket: global, regional, FIPS, dual-stack,
 * accelerated, or in a VPC (source: Amazon S3, "Service endpoints" and "AWS PrivateLink for Amazon S3"). The names of S3
 * Express, Outposts and Object Lambda are missing, because they do not support POST Object.
 */
const ENDPOINTS = [
  /^s3$/,
  /^s3(-fips)?(\.dualstack)?\.(?<region>[a-z\d-]+)$/,
  /^s3(-fips)?-(?<region>[a-z]+-[a-z\d-]+)$/,
  /^s3-external-1$/,
  /^s3-accelerate(\.dualstack)?$/,
  /^bucket\.vpce-[a-z\d-]+\.s3\.(?<region>[a-z\d-]+)\.vpce$/,
];

/** Names of S3's access points below the domain of a partition. The first part is the name of the access point. */
const ACCESS_POINTS = [
  /^(?<name>[a-z\d-]+-\d{12})\.s3-accesspoint(-fips)?(\.dualstack)?\.(?<region>[a-z\d-]+)$/,
  /^(?<name>[a-z\d-]+-\d{12})\.accesspoint\.vpce-[a-z\d-]+\.s3\.(?<region>[a-z\d-]+)\.vpce$/,
  /^(?<name>[a-z\d]+\.mrap)\.accesspoint\.s3-global$/,
];

const SUFFIXES = new Set(awsPartitions.map(({ dnsSuffix }) => dnsSuffix));

/** Returns the bucket in a URL of Amazon S3; `undefined` for any other URL. */
function amazonTarget({ hostname, port, pathname }: URL): { readonly bucket: string } | undefined {
  const suffix = [...SUFFIXES].find((each) => hostname.endsWith(`.${each}`));
  if (!suffix || port) return undefined;
  const name = hostname.slice(0, -suffix.length - 1);
  const point = firstMatch(ACCESS_POINTS, name, suffix);
  if (point) return { bucket: point.name ?? '' };
  // A bucket name may contain dots, and even end like an endpoint, so the shortest endpoint counts.
  const labels = name.split('.');
  for (let count = 1; count <= Math.min(labels.length, MAX_ENDPOINT_LABELS); count++) {
    const bucket = labels.slice(0, -count).join('.');
    if (firstMatch(ENDPOINTS, labels.slice(-count).join('.'), suffix))
      return { bucket: bucket || firstSegment(pathname) };
  }
  return undefined;
}

const MAX_ENDPOINT_LABELS = 5;

/** Returns the groups of the first pattern that matches, if the region in the name is one of that domain. */
function firstMatch(
  patterns: readonly RegExp[],
  name: string,
  suffix: string,
): Readonly<Record<string, string | undefined>> | undefined {
  for (const pattern of patterns) {
    const match = pattern.exec(name);
    const region = match?.groups?.region;
    if (match && (region === undefined || partitionOf(region)?.dnsSuffix === suffix))
      return match.groups ?? {};
  }
  return undefined;
}

const bucketAtOtherHost = ({ hostname, pathname }: URL): string =>
  firstSegment(pathname) || (hostname.split('.')[0] ?? '');

function firstSegment(pathname: string): string {
  const segment = pathname.split('/')[1] ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
