import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cuttingProxy } from '../../bench/sources/cutting-proxy.js';
import type { S3Bucket } from '../../sandbox/object-store.js';
import { objectStoreClient } from '../../sandbox/object-store.js';
import { objectLocation, s3Access } from '../../src/files/s3-source.js';
import { checkSource, type OpenFile, openSource } from '../../src/files/source.js';
import { tlsOptions } from '../../src/http/dispatcher.js';
import { newBucket, stubAwsEnvironment } from '../support/bucket.js';
import { createCa, createCertificate, hasOpenssl } from '../support/certificates.js';
import { urlOfNobody } from '../support/s3-servers.js';
import { bytesOf, sourceServer } from '../support/source-server.js';
import { distinctBytes, temporaryFolder } from '../support/temporary-folder.js';

const content = distinctBytes(6_000_000);
const KEY = 'study 7/größe+100%/pk.csv';

describe('an S3 object', () => {
  let s3: S3Bucket;
  let source: string;

  beforeAll(async () => {
    s3 = await newBucket();
    source = `s3://${s3.bucket}/${KEY.split('/').map(encodeURIComponent).join('/')}`;
    await put(KEY, content);
  });
  beforeEach(() => stubAwsEnvironment(s3));

  const store = () => objectStoreClient(s3);
  const put = async (Key: string, Body: Buffer) =>
    (await store().send(new PutObjectCommand({ Bucket: s3.bucket, Key, Body }))).VersionId;

  async function opened(from: string = source, idleTimeoutMs = 60_000): Promise<OpenFile> {
    const file = await openSource(from, 'pk.csv', { s3: s3Access() }, { idleTimeoutMs });
    onTestFinished(() => file.close());
    return file;
  }

  it('is streamed after its length is known', async () => {
    const file = await opened();

    expect(file).toMatchObject({ sizeBytes: content.length, path: source });
    expect((await bytesOf(file)).equals(content)).toBe(true);
    expect((await bytesOf(file)).equals(content), 'a second time').toBe(true);
  });

  it('is checked without being read', async () => {
    expect(await checkSource({ source, fileName: 'pk.csv' }, { s3: s3Access() })).toBe(content.length);
  });

  it.skipIf(!hasOpenssl)('is only read from a server whose certificate is trusted', async () => {
    const folder = await temporaryFolder();
    const own = createCa(folder, 'own');
    const { key, cert } = createCertificate(folder, 'server', own);
    const server = createServer({ key, cert }, (_request, response) => {
      response.writeHead(200, { 'content-length': 3, etag: '"1"' }).end('abc');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    vi.stubEnv('AWS_ENDPOINT_URL_S3', `https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const look = (extraCa?: string) =>
      checkSource({ source, fileName: 'pk.csv' }, { s3: s3Access(tlsOptions(extraCa)) });
    expect(await look(own.cert)).toBe(3);
    await expect(look()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
  });

  it('is resumed three times after the connection drops', async () => {
    const proxy = await cuttingProxy(s3.endpoint, [1_500_000, 1_200_000, 2_000_000]);
    onTestFinished(() => proxy.stop());
    vi.stubEnv('AWS_ENDPOINT_URL_S3', proxy.url);

    expect((await bytesOf(await opened())).equals(content)).toBe(true);
    expect(proxy.ranges).toHaveLength(3);
  });

  it('fails if it was replaced in the meantime', async () => {
    await put('replaced.csv', content);
    const proxy = await cuttingProxy(s3.endpoint, [1_500_000]);
    onTestFinished(() => proxy.stop());
    vi.stubEnv('AWS_ENDPOINT_URL_S3', proxy.url);
    const file = await opened(`s3://${s3.bucket}/replaced.csv`);
    await put('replaced.csv', distinctBytes(content.length - 4));

    await expect(bytesOf(file)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  it('is read in the requested version and reports its version ID', async () => {
    const versioning = { Bucket: s3.bucket, VersioningConfiguration: { Status: 'Enabled' as const } };
    await store().send(new PutBucketVersioningCommand(versioning));
    const first = await put('versions.csv', Buffer.from('first'));
    const second = await put('versions.csv', Buffer.from('second'));
    const url = `s3://${s3.bucket}/versions.csv`;

    const latest = await opened(url);
    expect(latest.versionId).toBe(second);
    expect(String(await bytesOf(latest))).toBe('second');
    const requested = await opened(`${url}?versionId=${first}`);
    expect(requested.versionId).toBe(first);
    expect(String(await bytesOf(requested))).toBe('first');
  });

  it.each([
    ['an unknown key', 's3://BUCKET/none.csv', 'SOURCE_REFUSED', 'NoSuchKey'],
    ['an unknown bucket', 's3://no-such-bucket/pk.csv', 'SOURCE_REFUSED', /404|403/],
    ['a key without a bucket', 's3:///pk.csv', 'SOURCE_UNSUPPORTED', 's3://bucket/key'],
    ['a bucket without a key', 's3://BUCKET/', 'SOURCE_UNSUPPORTED', 's3://bucket/key'],
    ['another parameter', 's3://BUCKET/pk.csv?x=1', 'SOURCE_UNSUPPORTED', 's3://bucket/key'],
    ['user info', 's3://key:topsecret@BUCKET/pk.csv', 'SOURCE_UNSUPPORTED', 's3://bucket/key'],
    ['a host and a port', 's3://127.0.0.1:9/pk.csv', 'SOURCE_UNSUPPORTED', 's3://bucket/key'],
  ])('is rejected given %s', async (_what, url, code, text) => {
    const refused = opened(url.replace('BUCKET', s3.bucket));

    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(text);
    await expect(refused).rejects.not.toThrow('topsecret');
  });

  it('is refused by S3 if the access key is unknown', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another');

    await expect(opened()).rejects.toMatchObject({ code: 'SOURCE_REFUSED', details: { status: 403 } });
  });

  it('throws a retryable error without credentials or region', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    await expect(opened()).rejects.toMatchObject({ code: 'SOURCE_AWS_UNCONFIGURED' });
    vi.stubEnv('AWS_REGION', undefined);
    await expect(opened()).rejects.toMatchObject({ code: 'SOURCE_AWS_UNCONFIGURED' });
  });

  it('throws a retryable error if S3 does not respond or is overloaded', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', await urlOfNobody());
    await expect(opened()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });

    const { url, requests } = await sourceServer((_request, response, number) =>
      number === 1 ? response.writeHead(503).end() : undefined,
    );
    vi.stubEnv('AWS_ENDPOINT_URL_S3', url);
    await expect(opened()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(requests, 'the SDK does not try again').toHaveLength(1);
    await expect(opened(source, 50)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('0.05 s'),
    });
  });
});

describe('objectLocation', () => {
  it.each([
    ['s3://bucket/a/b.csv', { bucket: 'bucket', key: 'a/b.csv' }],
    ['s3://my.bucket-1/a%20b%2Bc.csv', { bucket: 'my.bucket-1', key: 'a b+c.csv' }],
    ['s3://bucket/größe.csv', { bucket: 'bucket', key: 'größe.csv' }],
    ['s3://bucket/a//b.csv?versionId=v.1', { bucket: 'bucket', key: 'a//b.csv', versionId: 'v.1' }],
  ])('parses %s', (url, location) => {
    expect(objectLocation(new URL(url))).toEqual({ versionId: undefined, ...location });
  });

  it.each([
    's3://bucket/%E0%A4%A',
    's3://bucket/a#b',
    's3://Bucket/a',
    's3://b/a',
    's3://-bucket/a',
    's3://bucket/../..',
    's3:bucket/a',
    's3://[::1]/a',
  ])('returns undefined for %s', (url) => {
    expect(objectLocation(new URL(url))).toBeUndefined();
  });
});
