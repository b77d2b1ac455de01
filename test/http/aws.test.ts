import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { awsPartitions, partitionOf } from '../../src/http/aws.js';
import { sdkPartitions } from '../support/aws-sdk.js';

const sdk = await sdkPartitions();

describe('awsPartitions', () => {
  it('contains every partition that the AWS SDK knows, with the same domain', () => {
    const expected = sdk.map(({ id, outputs }) => [id, outputs.dnsSuffix]);
    expect(awsPartitions.map(({ name, dnsSuffix }) => [name, dnsSuffix]).sort()).toEqual(expected.sort());
  });

  it('finds the partition of every region that the AWS SDK knows', () => {
    for (const { id, regions, regionRegex } of sdk)
      for (const region of Object.keys(regions).filter((name) => new RegExp(regionRegex).test(name)))
        expect(`${region}: ${partitionOf(region)?.name}`).toBe(`${region}: ${id}`);
  });
});

describe('partitionOf', () => {
  it.each([
    '',
    'evil.example/?',
    'us-east-1.evil.example',
    'us-east-1/',
    'us-east-1#',
    'us-east-1@evil.example',
    'us-east-1\n',
    ' us-east-1',
    'US-EAST-1',
    'us-east',
    'xx-east-1',
    'us-eаst-1',
    'aws-global',
  ])('returns undefined for %j', (text) => {
    expect(partitionOf(text)).toBeUndefined();
  });

  it('returns undefined for any text that a URL could read as more than a label', () => {
    const marks = fc.constantFrom('.', '/', '?', '#', '@', ':', '\\', '%', '\n', '\t', '。');
    const regions = fc.constantFrom(...sdk.flatMap(({ regions: each }) => Object.keys(each)));
    fc.assert(
      fc.property(regions, marks, fc.nat(20), (region, mark, at) => {
        const text = region.slice(0, at) + mark + region.slice(at);
        expect(partitionOf(text)).toBeUndefined();
      }),
    );
  });
});
