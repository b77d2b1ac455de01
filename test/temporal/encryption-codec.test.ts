import { createSecretKey, randomBytes } from 'node:crypto';
import {
  ApplicationFailure,
  defaultPayloadConverter,
  METADATA_ENCODING_KEY,
  type Payload,
  RawValue,
  type SerializationContext,
} from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOperationInput } from '../../src/activities/raw-input.js';
import { isMarkedUntrusted, whyUntrusted } from '../../src/contract/untrusted.js';
import type { EncryptionKey } from '../../src/settings/schemas.js';
import { CallerCodec, EncryptionCodec, plainCodec } from '../../src/temporal/encryption-codec.js';
import { seal, unseal } from '../../src/temporal/sealed-payload.js';

const newKey = (id: string): EncryptionKey => ({ id, key: createSecretKey(randomBytes(32)) });
const key = newKey('k1');
const codec = new EncryptionCodec([key]);
const unreadable = { constructor: ApplicationFailure, type: 'PAYLOAD_UNREADABLE', nonRetryable: false };

const workflow: SerializationContext = { type: 'workflow', namespace: 'default', workflowId: 'w1' };
const activity: SerializationContext = {
  type: 'activity',
  namespace: 'default',
  workflowId: 'w1',
  activityId: '3',
  isLocal: false,
};

const plain = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const read = (payload: Payload | undefined): unknown =>
  payload && defaultPayloadConverter.fromPayload(payload);
const bytesOf = ({ metadata = {}, data }: Payload): string =>
  Buffer.concat([...Object.values(metadata ?? {}), data ?? Buffer.alloc(0)]).toString('latin1');

async function encrypted(
  value: unknown,
  by: EncryptionCodec = codec,
  context: SerializationContext = workflow,
): Promise<Payload> {
  const [payload = {}] = await by.encode([plain(value)], context);
  return payload;
}
const decoded = async (payload: Payload, context?: SerializationContext) =>
  read((await codec.decode([payload], context))[0]);
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
    [{ bytesSent: 1024, totalBytes: 4096 }],
  ])('decrypts what it encrypted: %j', async (value) => {
    for (const context of [workflow, activity]) {
      const payload = await encrypted(value, codec, context);
      expect(payload.metadata?.[METADATA_ENCODING_KEY]?.toString()).toBe('binary/encrypted');
      expect(await decoded(payload, context)).toEqual(value);
    }
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
    const payloads = await codec.encode([plain({ a: 1 }), plain([2]), plain({ b: 3 })], workflow);
    expect((await codec.decode(payloads, workflow)).map(read)).toEqual([{ a: 1 }, [2], { b: 3 }]);
  });

  it('keeps a bare string readable, because summaries in the Temporal UI are bare strings', async () => {
    expect(await encrypted('pk.csv, 1,024 bytes')).toEqual(plain('pk.csv, 1,024 bytes'));
  });

  it('keeps the code of a failed run readable, and encrypts that of an activity, on which workers act', async () => {
    const details = { code: 'REQUEST_INVALID', remedy: 'final' };
    expect(await encrypted(details)).toEqual(plain(details));
    expect(bytesOf(await encrypted(details, codec, activity))).not.toContain('REQUEST_INVALID');
  });

  it.each<[unknown]>([
    [{ code: 'a secret', remedy: 'final' }],
    [{ code: 'UPLOAD_NOT_204', remedy: 'final', status: 200 }],
    [{ code: 'S3_EXPIRED', remedy: 'wait' }],
    [{ source: 'file:///pk.csv', code: 'S3_EXPIRED', remedy: 'final' }],
    [[{ code: 'S3_EXPIRED', remedy: 'final' }]],
  ])('encrypts other values with the same fields: %j', async (value) => {
    expect(bytesOf(await encrypted(value))).not.toMatch(/secret|code/);
  });

  it('encrypts with a new key and still decrypts with the old one', async () => {
    const old = await encrypted({ at: 'first' });
    const next = newKey('k2');
    const rotated = new EncryptionCodec([next, key]);
    const fresh = await encrypted({ at: 'last' }, rotated);
    const both = await rotated.decode([old, fresh], workflow);
    expect(both.map(read)).toEqual([{ at: 'first' }, { at: 'last' }]);
    const onlyNew = await new EncryptionCodec([next]).decode([fresh], workflow);
    expect(onlyNew.map(read)).toEqual([{ at: 'last' }]);
  });

  it('names the missing key of a payload', async () => {
    const decoding = new EncryptionCodec([newKey('k2')]).decode([await encrypted({ a: 1 })], workflow);
    await expect(decoding).rejects.toMatchObject(unreadable);
    await expect(decoding).rejects.toThrow('with the key "k1", but this process has only "k2". Add the key');
  });

  it('shows the first 64 characters of the ID of a missing key, on one line', async () => {
    const payload = await encrypted({ a: 1 });
    const id = `a\n${'k'.repeat(1_000_000)}`;
    const metadata = { ...payload.metadata, 'encryption-key-id': Buffer.from(id) };
    const error: unknown = await codec.decode([{ ...payload, metadata }]).catch((caught: unknown) => caught);
    expect(String(error)).toContain(`with the key "a\\n${'k'.repeat(62)}…", but`);
    expect(String(error).length).toBeLessThan(500);
  });

  it('rejects a payload that another key of the same name encrypted', async () => {
    const decoding = new EncryptionCodec([newKey('k1')]).decode([await encrypted({ a: 1 })], workflow);
    await expect(decoding).rejects.toMatchObject(unreadable);
    await expect(decoding).rejects.toThrow('cannot be decrypted with the key "k1"');
  });

  it('names the format of a payload that a later release wrote', async () => {
    const later = changed(await encrypted({ a: 1 }), (bytes) =>
      Buffer.concat([Buffer.from([2]), bytes.subarray(1)]),
    );
    const decoding = codec.decode([later], workflow);
    await expect(decoding).rejects.toMatchObject(unreadable);
    await expect(decoding).rejects.toThrow(
      'has the format 2, but this process reads only the format 1. Upgrade',
    );
  });

  it('rejects a payload in which any bit of the data was changed', async () => {
    const payload = await encrypted({ a: 1 });
    for (let index = 0; index < (payload.data?.length ?? 0); index++)
      await expect(
        codec.decode([changed(payload, (bytes) => flipped(bytes, index))], workflow),
        `byte ${index}`,
      ).rejects.toMatchObject(unreadable);
  });

  it.each<[part: string, change: (bytes: Buffer) => Buffer]>([
    ['end (cut off)', (bytes) => bytes.subarray(0, -1)],
    ['end (appended to)', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
    ['content (removed)', (bytes) => bytes.subarray(0, 29)],
    ['tag (cut to four bytes)', (bytes) => bytes.subarray(0, 17)],
    ['tag (removed)', (bytes) => bytes.subarray(0, 13)],
    ['nonce (removed)', (bytes) => bytes.subarray(0, 1)],
    ['version (removed)', () => Buffer.alloc(0)],
  ])('rejects a payload with a changed %s', async (_part, change) => {
    const decoding = codec.decode([changed(await encrypted({ a: 1 }), change)], workflow);
    await expect(decoding).rejects.toMatchObject(unreadable);
    await expect(decoding).rejects.toThrow('cannot be decrypted');
  });

  it.each(['namespace', 'workflow-id', 'activity-id'])(
    'rejects a payload whose metadata %s was changed or removed',
    async (name) => {
      const { metadata, data } = await encrypted({ a: 1 }, codec, activity);
      const { [name]: _, ...others } = metadata ?? {};
      for (const forged of [others, { ...metadata, [name]: Buffer.from('w2') }])
        await expect(
          codec.decode([{ metadata: forged, data: data ?? null }], activity),
        ).rejects.toMatchObject(unreadable);
    },
  );

  it('throws if there is no key', () => {
    expect(() => new EncryptionCodec([])).toThrow(RangeError);
  });
});

describe('what EncryptionCodec does not trust', () => {
  const elsewhere: [string, SerializationContext, string][] = [
    ['another namespace', { ...workflow, namespace: 'other' }, 'was encrypted for the namespace "other"'],
    ['another workflow', { ...workflow, workflowId: 'w2' }, 'was encrypted for the workflow "w2"'],
    [
      'an activity of another workflow',
      { ...activity, workflowId: 'w2' },
      'was encrypted for the workflow "w2"',
    ],
    ['an activity', activity, 'was encrypted for the activity "3"'],
  ];
  it.each(elsewhere)('is a payload that was encrypted for %s', async (_what, context, reason) => {
    const payload = await encrypted({ secret: 1 }, codec, context);
    expect(whyUntrusted(await decoded(payload, workflow))).toBe(reason);
  });

  it('is a payload of another activity, or of the workflow itself, in an activity', async () => {
    const other = await encrypted({ a: 1 }, codec, { ...activity, activityId: '33' });
    expect(whyUntrusted(await decoded(other, activity))).toBe('was encrypted for the activity "33"');
    const own = await encrypted({ a: 1 }, codec, workflow);
    expect(whyUntrusted(await decoded(own, activity))).toBe('was encrypted for the workflow itself');
  });

  it('is a payload that was encrypted for nothing in particular', async () => {
    const [unbound = {}] = await codec.encode([plain({ a: 1 })]);
    expect(whyUntrusted(await decoded(unbound, workflow))).toBe('was encrypted for the namespace ""');
  });

  it('is a payload of any kind that arrives where nothing is expected', async () => {
    expect(whyUntrusted(await decoded(await encrypted({ a: 1 })))).toBeDefined();
    expect(whyUntrusted(await decoded(plain({ a: 1 })))).toBe('is not encrypted');
  });

  it('is every unencrypted payload, bare strings and copies of marks included', async () => {
    const [mark = {}] = await codec.decode([plain(1)], workflow);
    for (const payload of [plain({ a: 1 }), plain('summary'), plain(null), plain(undefined), {}, mark])
      for (const context of [workflow, activity]) {
        const [result = {}] = await codec.decode([payload], context);
        expect(whyUntrusted(read(result))).toBe('is not encrypted');
        expect(isMarkedUntrusted(result)).toBe(true);
      }
  });

  it('never decodes for one binding what was encrypted for another', () => {
    const bindings = fc.record({
      namespace: fc.string({ maxLength: 4 }),
      workflowId: fc.string({ maxLength: 4 }),
      activityId: fc.string({ maxLength: 4 }),
    });
    const keys = new Map([[key.id, key]]);
    fc.assert(
      fc.property(bindings, bindings, (a, b) => {
        const sealed = seal(plain(1), key, a);
        expect(unseal(sealed, keys).binding).toEqual(wellFormed(a));
        const moved = { ...sealed, metadata: seal(plain(1), key, b).metadata ?? {} };
        if (JSON.stringify(wellFormed(a)) === JSON.stringify(wellFormed(b)))
          expect(unseal(moved, keys).binding).toEqual(wellFormed(a));
        else expect(() => unseal(moved, keys)).toThrow('cannot be decrypted');
      }),
    );
  });
});

describe('EncryptionCodec.decodeForDisplay', () => {
  it('decrypts without a context, and passes unencrypted payloads through', async () => {
    const payloads = [await encrypted({ a: 1 }), await encrypted({ b: 2 }, codec, activity), plain({ c: 3 })];
    expect((await codec.decodeForDisplay(payloads)).map(read)).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  });
});

describe('the input of a Nexus operation, which arrives without a context', () => {
  const request = { source: 'file:///data/pk.csv' };
  const inputOf = (payload: Payload | undefined) => RawValue.fromPayload(payload ?? {});

  it.each([
    ['unencrypted', async () => plain(request)],
    ['encrypted for the workflow that calls', async () => encrypted(request)],
  ])('is read if it is %s, and marked as untrusted', async (_how, payload) => {
    const [decoded] = await codec.decode([await payload()]);
    expect(whyUntrusted(read(decoded))).toBeDefined();
    expect(decodeOperationInput(inputOf(decoded))).toEqual(request);
  });

  it('is not read where something else arrives for another workflow', async () => {
    const [decoded] = await codec.decode([await encrypted(request)], { ...workflow, workflowId: 'w2' });
    expect(bytesOf(decoded ?? {})).not.toContain('pk.csv');
  });
});

describe('CallerCodec', () => {
  const caller = new CallerCodec([key]);

  it('decrypts receipts of other workflows, and leaves unencrypted payloads', async () => {
    const decoded = await caller.decode([await encrypted({ status: 204 }), plain('text')]);
    expect(decoded.map(read)).toEqual([{ status: 204 }, 'text']);
  });

  it('encrypts its payloads for their context', async () => {
    const payloads = await caller.encode([plain({ secret: 1 })], workflow);
    expect(bytesOf(payloads[0] ?? {})).not.toContain('secret');
    expect((await codec.decode(payloads, workflow)).map(read)).toEqual([{ secret: 1 }]);
  });

  it('reports a key that it lacks', async () => {
    const other = new CallerCodec([newKey('k2')]);
    await expect(other.decode([await encrypted({ status: 204 })])).rejects.toMatchObject(unreadable);
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

function flipped(bytes: Buffer, index: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index);
  return bytes;
}

/** Replaces halves of surrogate pairs, which UTF-8 cannot express. */
const wellFormed = <Texts extends Record<string, string>>(texts: Texts) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString()]));
