import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { METADATA_ENCODING_KEY, type Payload, type PayloadCodec, ValueError } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { EncryptionKey } from '../config.js';

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

  /** @throws ValueError where the key is not known or the payload was tampered with */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) =>
      text(payload.metadata?.[METADATA_ENCODING_KEY]) === ENCODING ? this.#decrypt(payload) : payload,
    );
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
    if (!known)
      throw new ValueError(
        `A payload is encrypted with the key "${id}", which is not among APLOS_UPLOAD_ENCRYPTION_KEY`,
      );
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
      throw new ValueError(
        `A payload cannot be decrypted with the key "${id}": it was encrypted with another, or has been changed`,
      );
    }
  }
}

/** Encrypts nothing, and says which key is missing where something is encrypted. */
export const codecWithoutKey: PayloadCodec = {
  encode: async (payloads) => payloads,
  decode: async (payloads) => {
    for (const { metadata } of payloads) {
      if (text(metadata?.[METADATA_ENCODING_KEY]) !== ENCODING) continue;
      const id = text(metadata?.[KEY_ID]);
      throw new ValueError(
        `A payload is encrypted with the key "${id}", and APLOS_UPLOAD_ENCRYPTION_KEY is not set`,
      );
    }
    return payloads;
  },
};

/**
 * What stays readable, so that the Temporal UI and whoever starts an upload without the key see what happens: a
 * summary (a bare string), the details of a failure, and how far an upload is. None holds anything secret.
 */
const READABLE = [
  /^"/,
  /^\{"code":"[A-Z0-9_]+","remedy":"(retry|presign-again|final)"[,}]/,
  /^\{"bytesSent":\d+,"totalBytes":\d+\}$/,
];
const MOST_READABLE_BYTES = 16 * 1024;

function isReadable({ metadata, data }: Payload): boolean {
  if (text(metadata?.[METADATA_ENCODING_KEY]) !== 'json/plain') return false;
  if (!data || data.length > MOST_READABLE_BYTES) return false;
  return READABLE.some((shape) => shape.test(text(data)));
}

const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('utf8');
