import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto';
import {
  ApplicationFailure,
  defaultPayloadConverter,
  METADATA_ENCODING_KEY,
  type Payload,
} from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { EncryptionKey } from '../../src/settings/schemas.js';
import { EncryptionCodec, plainCodec } from '../../src/temporal/encryption-codec.js';

const newKey = (id: string): EncryptionKey => ({ id, key: createSecretKey(randomBytes(32)) });
const key = newKey('k1');
const codec = new EncryptionCodec([key]);
const unreadable = { constructor: ApplicationFailure, type: 'PAYLOAD_UNREADABLE', nonRetryable: false };

const plain = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const read = (payload: Payload | undefined): unknown =>
  payload && defaultPayloadConverter.fromPayload(payload);
const bytesOf = ({ metadata = {}, data }: Payload): string =>
  Buffer.concat([...Object.values(metadata ?? {}), data ?? Buffer.alloc(0)]).toString('latin1');

async function encrypted(value: unknown, by: EncryptionCodec = codec): Promise<Payload> {
  const [payload = {}] = await by.encode([plain(value)]);
  return payload;
}
const changed = ({ metadata, data }: Payload, change: (bytes: Buffer) => Buffer): Payload => ({
  metadata: metadata ?? {},
  data: change(Buffer.from(data ?? [])),
});

describe('EncryptionCodec', () => {
  it.each<[unknown]>([
    [{ presigned: { fields: { policy: 'secret policy' } } }],
    [['secret']],
    [7],
    [null],
    [undefined],
    [new Uint8Array([1, 2, 3])],
    [{ text: 'Étude 血漿' }],
  ])('decrypts what it encrypted: %j', async (value) => {
    const payload = await encrypted(value);
    expect(payload.metadata?.[METADATA_ENCODING_KEY]?.toString()).toBe('binary/encrypted');
    expect(read((await codec.decode([payload]))[0])).toEqual(value);
  });

  it('hides a value and its encoding', async () => {
    const bytes = bytesOf(await encrypted({ policy: 'secret policy' }));
    expect(bytes).toContain('k1');
    expect(bytes).not.toMatch(/secret|policy|json/);
  });

  it('encrypts the same value differently each time', async () => {
    expect(bytesOf(await encrypted({ a: 1 }))).not.toBe(bytesOf(await encrypted({ a: 1 })));
  });

  it('keeps the order of payloads', async () => {
    const payloads = await codec.encode([plain({ a: 1 }), plain('summary'), plain({ b: 2 })]);
    expect((await codec.decode(payloads)).map(read)).toEqual([{ a: 1 }, 'summary', { b: 2 }]);
  });

  it('keeps a bare string readable, because summaries in the Temporal UI are bare strings', async () => {
    const payload = await encrypted('pk.csv, 1,024 bytes');
    expect(payload).toEqual(plain('pk.csv, 1,024 bytes'));
    expect(read((await codec.decode([payload]))[0])).toBe('pk.csv, 1,024 bytes');
  });

  it.each<[what: string, value: unknown]>([
    ['the details of a failure', { code: 'REQUEST_INVALID', remedy: 'final' }],
    ['a heartbeat', { bytesSent: 1024, totalBytes: 4096 }],
  ])('keeps %s readable for clients without the key', async (_what, value) => {
    expect(await encrypted(value)).toEqual(plain(value));
  });

  it.each<[unknown]>([
    [{ code: 'a secret', remedy: 'final' }],
    [{ code: 'UPLOAD_NOT_204', remedy: 'final', status: 200 }],
    [{ code: 'S3_EXPIRED', remedy: 'wait' }],
    [{ source: 'file:///pk.csv', code: 'S3_EXPIRED', remedy: 'final' }],
    [[{ code: 'S3_EXPIRED', remedy: 'final' }]],
    [{ bytesSent: 1, totalBytes: 2, token: 'secret' }],
    [{ bytesSent: 'secret', totalBytes: 2 }],
  ])('encrypts other values with the same fields: %j', async (value) => {
    expect(bytesOf(await encrypted(value))).not.toMatch(/secret|code|bytesSent/);
  });

  it('passes unencrypted payloads through', async () => {
    const payload = plain({ source: 'file:///pk.csv' });
    expect(await codec.decode([payload])).toEqual([payload]);
  });

  it('encrypts with a new key and still decrypts with the old one', async () => {
    const old = await encrypted({ at: 'first' });
    const next = newKey('k2');
    const rotated = new EncryptionCodec([next, key]);
    const fresh = await encrypted({ at: 'last' }, rotated);
    expect((await rotated.decode([old, fresh])).map(read)).toEqual([{ at: 'first' }, { at: 'last' }]);
    expect((await new EncryptionCodec([next]).decode([fresh])).map(read)).toEqual([{ at: 'last' }]);
  });

  it('names the missing key of a payload', async () => {
    const decoding = new EncryptionCodec([newKey('k2')]).decode([await encrypted({ a: 1 })]);
    await expect(decoding).rejects.toMatchObject(unreadable);
    await expect(decoding).rejects.toThrow('with the key "k1", but this process has only "k2". Add the key');
  });

  it('rejects a payload that another key of the same name encrypted', async () => {
    const decoding = new EncryptionCodec([newKey('k1')]).decode([await encrypted({ a: 1 })]);
    await expect(decoding).rejects.toMatchObject(unreadable);
    await expect(decoding).rejects.toThrow('cannot be decrypted with the key "k1"');
  });

  it.each<[part: string, change: (bytes: Buffer) => Buffer]>([
    ['nonce', (bytes) => flipped(bytes, 0)],
    ['tag', (bytes) => flipped(bytes, 12)],
    ['first byte', (bytes) => flipped(bytes, 28)],
    ['last byte', (bytes) => flipped(bytes, bytes.length - 1)],
    ['end (cut off)', (bytes) => bytes.subarray(0, -1)],
    ['end (appended to)', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
    ['content (removed)', (bytes) => bytes.subarray(0, 28)],
    ['tag (cut to four bytes)', (bytes) => bytes.subarray(0, 16)],
    ['tag (removed)', (bytes) => bytes.subarray(0, 12)],
    ['nonce (removed)', () => Buffer.alloc(0)],
  ])('rejects a payload with a changed %s', async (_part, change) => {
    const decoding = codec.decode([changed(await encrypted({ a: 1 }), change)]);
    await expect(decoding).rejects.toMatchObject(unreadable);
    await expect(decoding).rejects.toThrow('cannot be decrypted');
  });

  it('throws if there is no key', () => {
    expect(() => new EncryptionCodec([])).toThrow(RangeError);
  });
});

describe('plainCodec', () => {
  it('passes unencrypted payloads through, and names the missing key of an encrypted one', async () => {
    expect(await plainCodec.encode([plain({ a: 1 })])).toEqual([plain({ a: 1 })]);
    expect(await plainCodec.decode([plain({ a: 1 })])).toEqual([plain({ a: 1 })]);
    const decoding = plainCodec.decode([await encrypted({ a: 1 })]);
    await expect(decoding).rejects.toMatchObject(unreadable);
    await expect(decoding).rejects.toThrow('with the key "k1", but this process has no key');
  });
});

describe('a tag of four bytes', () => {
  it('is rejected even if it matches, because it could be guessed', async () => {
    // With nothing encrypted, the first bytes of the full tag are what a shorter tag would be.
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key.key, iv);
    cipher.final();
    const tag = cipher.getAuthTag();
    const sealed = (length: number): Payload => ({
      metadata: {
        [METADATA_ENCODING_KEY]: Buffer.from('binary/encrypted'),
        'encryption-key-id': Buffer.from('k1'),
      },
      data: Buffer.concat([iv, tag.subarray(0, length)]),
    });
    await expect(codec.decode([sealed(16)])).resolves.toHaveLength(1);
    await expect(codec.decode([sealed(4)])).rejects.toMatchObject(unreadable);
  });
});

function flipped(bytes: Buffer, index: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index);
  return bytes;
}
