import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  ApplicationFailure,
  METADATA_ENCODING_KEY,
  type Payload,
  type PayloadCodec,
} from '@temporalio/common';
import proto from '@temporalio/proto';
import { UploadError } from '../contract/errors.js';
import type { EncryptionKey } from '../settings/settings.js';
import { UNREADABLE } from './unreadable.js';

const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const { Payload: PayloadProto } = proto.temporal.api.common.v1;

/**
 * Encrypts payloads with AES-256-GCM before they leave this process: IV, then tag, then ciphertext. The
 * first key encrypts, every key decrypts, and a payload that is in plain is taken as it is.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #current: EncryptionKey;
  readonly #keys: ReadonlyMap<string, EncryptionKey>;

  /** @param keys at least one; the first encrypts */
  constructor(keys: readonly EncryptionKey[]) {
    const [current] = keys;
    if (!current) throw new RangeError('no encryption key');
    this.#current = current;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (isReadable(payload) ? payload : this.#encrypt(payload)));
  }

  /** @throws ApplicationFailure `PAYLOAD_UNREADABLE` where the key is not known or the payload was tampered with */
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
    const known = this.#keys.get(id);
    if (!known) {
      const own = [...this.#keys.keys()].map((each) => `"${each}"`).join(', ');
      throw unreadable(`A payload is encrypted with the key "${id}", and this process has only ${own}`);
    }
    const bytes = Buffer.from(data ?? []);
    try {
      const decipher = createDecipheriv('aes-256-gcm', known.key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return PayloadProto.decode(
        Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]),
      );
    } catch {
      throw unreadable(
        `A payload cannot be decrypted with the key "${id}": it was encrypted with another of that name, or has been changed`,
      );
    }
  }
}

/** Leaves payloads in plain, and says clearly why one that is encrypted cannot be read. */
export const plainCodec: PayloadCodec = {
  encode: async (payloads) => payloads,
  decode: async (payloads) => {
    const encrypted = payloads.find(isEncrypted);
    if (!encrypted) return payloads;
    throw unreadable(
      `A payload is encrypted with the key "${text(encrypted.metadata?.[KEY_ID])}", and this process has no key`,
    );
  },
};

/** Retryable: it passes when the key is there, or on a worker that has it. */
const unreadable = (happened: string) =>
  ApplicationFailure.retryable(new UploadError(UNREADABLE, happened).message, UNREADABLE);

const isEncrypted = ({ metadata }: Payload) => text(metadata?.[METADATA_ENCODING_KEY]) === ENCODING;

/**
 * What stays readable, so that the Temporal UI and whoever starts an upload without the key see what happens: a
 * summary (a bare string), the code of a failure, and how far an upload is. None holds anything secret.
 */
const READABLE = [
  /^"/,
  /^\{"code":"[A-Z0-9_]+","remedy":"(retry|presign-again|final)"\}$/,
  /^\{"bytesSent":\d+,"totalBytes":\d+\}$/,
];
const MAX_READABLE_BYTES = 16 * 1024;

function isReadable({ metadata, data }: Payload): boolean {
  if (text(metadata?.[METADATA_ENCODING_KEY]) !== 'json/plain') return false;
  if (!data || data.length > MAX_READABLE_BYTES) return false;
  return READABLE.some((shape) => shape.test(text(data)));
}

const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('utf8');
