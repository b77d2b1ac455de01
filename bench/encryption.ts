/**
 * `npm run bench -- encryption [--rounds 2000]`: measures what encryption costs an upload in processor time and in the size of
 * its history. The payloads are those of a recorded upload. Each is encrypted and decrypted once: unbound, which is AES-256-GCM
 * alone, and bound to its workflow and activity. The ways alternate in one run, so that the ratio holds on any machine.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Payload, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { EncryptionCodec } from '../src/temporal/encryption-codec.js';
import { isSealed } from '../src/temporal/sealed-payload.js';
import { VERSION } from '../src/util/version.js';
import { inTurn } from './suite/row.js';

const { Payload: PayloadProto } = proto.temporal.api.common.v1;
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '2000' } } });
const rounds = Number(values.rounds);
const BATCHES = 9;

interface Way {
  encode(payload: Payload): Promise<Payload>;
  decode(payload: Payload): Promise<Payload>;
}

const key = createSecretKey(randomBytes(32));
const codec = new EncryptionCodec([{ id: '2026-11', key }]);
const context: SerializationContext = {
  type: 'activity',
  namespace: 'default',
  workflowId: `default:pk.csv:${'0'.repeat(25)}`,
  activityId: '3',
  isLocal: false,
};

const ways: Readonly<Record<string, Way>> = {
  unbound: { encode: encodeUnbound, decode: decodeUnbound },
  bound: {
    encode: async (payload) => (await codec.encode([payload], context))[0] ?? {},
    decode: async (payload) => (await codec.decode([payload], context))[0] ?? {},
  },
};

const payloads = await payloadsOfAnUpload();
const milliseconds = await inTurn(
  BATCHES,
  Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, () => millisecondsOf(way)])),
);
const plainBytes = sizeOf(payloads);
console.log(
  `${payloads.length} payloads, ${plainBytes} bytes; median of ${BATCHES}; Node ${process.version}`,
);
console.table(
  Object.fromEntries(
    await Promise.all(
      Object.entries(ways).map(async ([name, way]) => {
        const encrypted = await Promise.all(payloads.map((payload) => way.encode(payload)));
        return [
          name,
          {
            'ms per upload': Number(milliseconds[name]?.median.toFixed(3)),
            'bytes in the history': sizeOf(encrypted),
            'more than plaintext': sizeOf(encrypted) - plainBytes,
          },
        ] as const;
      }),
    ),
  ),
);

/** Returns the milliseconds that one of these ways takes for all payloads. */
async function millisecondsOf(way: Way): Promise<number> {
  const startedMs = performance.now();
  for (let round = 0; round < rounds / BATCHES; round++)
    for (const payload of payloads) await way.decode(await way.encode(payload));
  return (performance.now() - startedMs) / (rounds / BATCHES);
}

/** Returns what the codec encrypts of one upload with one execution: inputs, results and heartbeats. */
async function payloadsOfAnUpload(): Promise<Payload[]> {
  const path = new URL(`../test/histories/${VERSION}/finished.json`, import.meta.url);
  const found: Payload[] = [];
  JSON.parse(await readFile(path, 'utf8'), (_key, value: unknown) => {
    if (isRecordedPayload(value)) found.push(PayloadProto.fromObject(value));
    return value;
  });
  const used: Payload[] = [];
  for (const payload of found) {
    const [encrypted] = await codec.encode([payload], context);
    if (encrypted && isSealed(encrypted)) used.push(payload);
  }
  return used;
}

function isRecordedPayload(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && 'metadata' in value && 'data' in value;
}

/** AES-256-GCM with the key ID in the metadata, and nothing authenticated besides the ciphertext. */
async function encodeUnbound(payload: Payload): Promise<Payload> {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const sealed = Buffer.concat([cipher.update(PayloadProto.encode(payload).finish()), cipher.final()]);
  return {
    metadata: { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('2026-11') },
    data: Buffer.concat([iv, cipher.getAuthTag(), sealed]),
  };
}

async function decodeUnbound({ data }: Payload): Promise<Payload> {
  const bytes = Buffer.from(data ?? []);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAuthTag(bytes.subarray(12, 28));
  return PayloadProto.decode(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]));
}

function sizeOf(all: readonly Payload[]): number {
  return all.reduce((sum, payload) => sum + PayloadProto.encode(payload).finish().length, 0);
}
