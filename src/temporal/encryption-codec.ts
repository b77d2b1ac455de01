import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  ApplicationFailure,
  METADATA_ENCODING_KEY,
  type Payload,
  type PayloadCodec,
} from '@temporalio/common';
import proto from '@temporalio/proto';
import { UploadError } from '../contract/errors.js';
import type { EncryptionKey } from '../settings/schemas.js';
import { UNREADABLE } from './unreadable.js';

const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const { Payload: PayloadProto } = proto.temporal.api.common.v1;

/**
 * Encrypts payloads with AES-256-GCM before they leave this process: IV, then tag, then ciphertext. The first key
 * encrypts, and every key decrypts. An unencrypted payload is passed through.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #current: EncryptionKey;
  readonly #keys: ReadonlyMap<string, EncryptionKey>;

  /** @param keys at least one key; the first one encrypts */
  constructor(keys: readonly EncryptionKey[]) {
    const [current] = keys;
    if (!current) throw new RangeError('EncryptionCodec needs at least one key');
    this.#current = current;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (isReadable(payload) ? payload : this.#encrypt(payload)));
  }

  /** @throws ApplicationFailure `PAYLOAD_UNREADABLE` if this process lacks the key, or the payload was changed */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (isEncrypted(payload) ? this.#decrypt(payload) : payload));
  }

  #encrypt(payload: Payload): Payload {
    const { id, key } = this.#current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const sealed = Buffer.concat([cipher.update(PayloadProto.encode(payload).finish()), cipher.final()]);
    return {
      metadata: { [METADATA_ENCODING_KEY]: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(id) },
      data: Buffer.concat([iv, cipher.getAuthTag(), sealed]),
    };
  }

  #decrypt({ metadata, data }: Payload): Payload {
    const id = text(metadata?.[KEY_ID]);
    const key = this.#keys.get(id);
    if (!key) {
      const available = [...this.#keys.keys()].map((each) => `"${each}"`).join(', ');
      throw unreadable(`A payload is encrypted with the key "${id}", but this process has only ${available}`);
    }
    const bytes = Buffer.from(data ?? []);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return PayloadProto.decode(
        Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]),
      );
    } catch {
      throw unreadable(
        `A payload cannot be decrypted with the key "${id}": it was encrypted with another key of that name, or was changed`,
      );
    }
  }
}

/** Leaves payloads unencrypted, and throws a `PAYLOAD_UNREADABLE` that names the missing key for an encrypted one. */
export const plainCodec: PayloadCodec = {
  encode: async (payloads) => payloads,
  decode: async (payloads) => {
    const encrypted = payloads.find(isEncrypted);
    if (!encrypted) return payloads;
    throw unreadable(
      `A payload is encrypted with the key "${text(encrypted.metadata?.[KEY_ID])}", but this process has no key`,
    );
  },
};

/** Retryable: the retry succeeds once this process has the key, or on a worker that has it. */
const unreadable = (happened: string) =>
  ApplicationFailure.retryable(new UploadError(UNREADABLE, happened).message, UNREADABLE);

/** Reports whether a payload is encrypted. */
export const isEncrypted = ({ metadata }: Payload): boolean =>
  text(metadata?.[METADATA_ENCODING_KEY]) === ENCODING;

/**
 * Payloads that stay readable, so that the Temporal UI and clients without the key can show them: summaries (bare
 * strings), failure codes, and upload progress. None of them contains a secret.
 */
const READABLE_PATTERNS = [
  /^"/,
  /^\{"code":"[A-Z0-9_]+","remedy":"(retry|presign-again|final)"\}$/,
  /^\{"bytesSent":\d+,"totalBytes":\d+\}$/,
];
const MAX_READABLE_BYTES = 16 * 1024;

function isReadable({ metadata, data }: Payload): boolean {
  if (text(metadata?.[METADATA_ENCODING_KEY]) !== 'json/plain') return false;
  if (!data || data.length > MAX_READABLE_BYTES) return false;
  return READABLE_PATTERNS.some((pattern) => pattern.test(text(data)));
}

const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('utf8');
