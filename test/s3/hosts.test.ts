import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostList } from '../../src/http/host-list.js';
import { assertS3Target, bucketIn } from '../../src/s3/hosts.js';
import { sdkEndpoint, sdkPartitions } from '../support/aws-sdk.js';

const FLAGS = ['UseFIPS', 'UseDualStack', 'Accelerate', 'ForcePathStyle', 'UseGlobalEndpoint'] as const;
const flagSets = Array.from({ length: 2 ** FLAGS.length }, (_, bits) =>
  Object.fromEntries(FLAGS.map((flag, index) => [flag, (bits & (1 << index)) !== 0])),
);
const regions = (await sdkPartitions()).flatMap(({ id, regionRegex, regions: all }) =>
  Object.keys(all)
    .filter((region) => new RegExp(regionRegex).test(region))
    .map((region) => ({ id, region })),
);

/** Every URL to which the AWS SDK sends requests for these buckets, in every region and of every kind. */
function endpointsOf(bucketsIn: (partition: string, region: string) => readonly string[]) {
  return regions.flatMap(({ id, region }) =>
    bucketsIn(id, region).flatMap((Bucket) =>
      flagSets.flatMap((flags) => sdkEndpoint({ Region: region, Bucket, ...flags }) ?? []),
    ),
  );
}

describe('assertS3Target', { tags: ['REQ-24'] }, () => {
  it.each(['my-bucket', 'my.bucket'])('accepts every endpoint of the AWS SDK for the bucket %s', (bucket) => {
    const endpoints = endpointsOf(() => [bucket]);
    expect(new Set(endpoints.map(({ host }) => host)).size).toBeGreaterThan(150);
    for (const url of endpoints) {
      assertS3Target(url.href, { buckets: [bucket] }, 'pk.csv');
      expect(() => assertS3Target(url.href, { buckets: ['other'] }, 'pk.csv')).toThrow(
        `goes to the bucket "${bucket}" at ${url.host}`,
      );
    }
  });

  it('accepts every endpoint of the AWS SDK for an access point', () => {
    const endpoints = endpointsOf((id, region) => [`arn:${id}:s3:${region}:123456789012:accesspoint/my-ap`]);
    expect(endpoints.length).toBeGreaterThan(100);
    for (const url of endpoints) assertS3Target(url.href, { buckets: ['my-ap-123456789012'] }, 'pk.csv');
  });

  it('accepts a multi-Region access point', () => {
    const arn = 'arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap';
    const url = sdkEndpoint({ Region: 'us-east-1', Bucket: arn });
    expect(url && bucketIn(url)).toBe('mfzwi23gnjvgw.mrap');
    assertS3Target(url?.href ?? '', { buckets: ['mfzwi23gnjvgw.mrap'] }, 'pk.csv');
  });

  it('refuses the endpoints of services that do not support POST Object', () => {
    const endpoints = endpointsOf((id, region) => [
      `arn:${id}:s3-object-lambda:${region}:123456789012:accesspoint/olap`,
      `arn:${id}:s3-outposts:${region}:123456789012:outpost/op-01234567890123456/accesspoint/ap`,
      'bucket--usw2-az1--x-s3',
    ]).filter(({ pathname }) => pathname === '/');
    expect(endpoints.length).toBeGreaterThan(100);
    for (const url of endpoints)
      expect(() => assertS3Target(url.href, {}, 'pk.csv')).toThrow('not a host of Amazon S3');
  });

  it.each([
    ['https://evil.s3.amazonaws.com/', 'evil'],
    ['https://evil.s3.amazonaws.com/aplos-uploads', 'evil'],
    ['https://evil.s3.eu-west-1.amazonaws.com/aplos-uploads/', 'evil'],
    ['https://aplos-uploads.evil.s3.amazonaws.com/', 'aplos-uploads.evil'],
    ['https://aplos-uploads.s3.s3.amazonaws.com/', 'aplos-uploads.s3'],
    ['https://s3.amazonaws.com/evil/aplos-uploads', 'evil'],
    ['https://s3.amazonaws.com//aplos-uploads', ''],
    ['https://s3.amazonaws.com/aplos-uploads/../evil', 'evil'],
    ['https://s3.amazonaws.com/evil%2faplos-uploads', 'evil/aplos-uploads'],
    ['https://s3.amazonaws.com/%', '%'],
    [
      'https://aplos-uploads-123456789012.s3-accesspoint.us-east-1.amazonaws.com/',
      'aplos-uploads-123456789012',
    ],
    ['https://aplos-uploads.bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com/', undefined],
    ['https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com/evil', 'evil'],
    ['http://127.0.0.1:9000/evil', 'evil'],
    ['http://127.0.0.1:9000/aplos-uploads', undefined],
    ['https://aplos-uploads.minio.example.com/', undefined],
    ['https://evil.minio.example.com/', 'evil'],
  ])('compares the bucket in %s with the list', (text, refused) => {
    const targets = {
      hosts: new HostList(['127.0.0.1', '*.minio.example.com']),
      buckets: ['aplos-uploads', 'other'],
    };
    const check = () => assertS3Target(text, targets, 'pk.csv');
    if (refused === undefined) check();
    else expect(check).toThrow(expect.objectContaining({ code: 'S3_BUCKET_REFUSED' }));
    if (refused !== undefined) expect(bucketIn(new URL(text))).toBe(refused);
  });

  it('refuses every host outside the domains of AWS', () => {
    const label = fc.constantFrom(
      's3',
      'bucket',
      'us-east-1',
      'amazonaws',
      'com',
      'cn',
      'eu',
      'evil',
      'vpce',
      'dualstack',
    );
    const domains = /\.(amazonaws\.com(\.cn)?|amazonaws\.eu)$/;
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 7 }), (labels) => {
        const host = labels.join('.');
        fc.pre(!domains.test(host));
        expect(() => assertS3Target(`https://${host}/bucket`, {}, 'pk.csv')).toThrow('not a host');
      }),
    );
  });
});
