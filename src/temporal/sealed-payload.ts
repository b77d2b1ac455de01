import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { METADATA_ENCODING_KEY, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { EncryptionKey } from '../settings/schemas.js';
import { shownKeyId } from './unreadable.js';

/** Binding of an encrypted payload: all of it is authenticated. */
export interface Binding {
  readonly namespace: string;
  readonly workflowId: string;
  /** Id of the activity whose input, result, heartbeat or failure it is. Default: '', it belongs to the workflow itself. */
  readonly activityId: string;
}

/** Reason why a payload cannot be decrypted: a clause that completes "A payload …". */
export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError';
  /** Action for a person. Default: the `action` of the error table. */
  readonly action: string | undefined;

  constructor(message: string, action?: string) {
    super(message);
    this.action = action;
  }
}

const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
/** Metadata that holds each part of a binding. */
const METADATA = {
  namespace: 'namespace',
  workflowId: 'workflow-id',
  activityId: 'activity-id',
} as const satisfies Record<keyof Binding, string>;
const BOUND_TO = ['namespace', 'workflowId', 'activityId'] as const;

/** First byte of the data. */
const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const { Payload: PayloadProto } = proto.temporal.api.common.v1;

/**
 * Encrypts a payload with AES-256-GCM. The data are: the version of this format as one byte, the IV, the tag, and the
 * ciphertext. Key ID and binding are in the metadata, because a codec server is not told what a payload belongs to.
 */
export function seal(payload: Payload, { id, key }: EncryptionKey, binding: Binding): Payload {
  const iv = randomBytes(IV_BYTES);
  const bound = [id, ...BOUND_TO.map((part) => binding[part])].map((text) => Buffer.from(text));
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(additionalData(VERSION, bound));
  const ciphertext = Buffer.concat([cipher.update(PayloadProto.encode(payload).finish()), cipher.final()]);
  const [keyId = Buffer.alloc(0), ...parts] = bound;
  return {
    metadata: {
      [METADATA_ENCODING_KEY]: Buffer.from(ENCODING),
      [KEY_ID]: keyId,
      ...Object.fromEntries(BOUND_TO.map((part, index) => [METADATA[part], parts[index]])),
    },
    data: Buffer.concat([Buffer.from([VERSION]), iv, cipher.getAuthTag(), ciphertext]),
  };
}

/**
 * Decrypts a payload.
 *
 * @throws SealBrokenError if there is no key with its ID, or the payload or its metadata were changed
 */
export function unseal(
  { metadata, data }: Payload,
  keys: ReadonlyMap<string, EncryptionKey>,
): { readonly payload: Payload; readonly binding: Binding } {
  const id = textOf(metadata?.[KEY_ID]);
  const key = keys.get(id);
  if (!key) {
    const available = [...keys.keys()].map((each) => `"${each}"`).join(', ');
    throw new SealBrokenError(
      `is encrypted with the key ${shownKeyId(id)}, but this process has only ${available}`,
    );
  }
  const bytes = Buffer.from(data ?? []);
  const version = bytes[0];
  if (version !== undefined && version !== VERSION)
    throw new SealBrokenError(
      `has the format ${version}, but this process reads only the format ${VERSION}`,
      'Upgrade this process to the release that wrote the payload. Waiting uploads then continue.',
    );
  const [iv, tag, ciphertext] = [
    bytes.subarray(1, 1 + IV_BYTES),
    bytes.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES),
    bytes.subarray(1 + IV_BYTES + TAG_BYTES),
  ];
  const parts = BOUND_TO.map((part) => Buffer.from(metadata?.[METADATA[part]] ?? []));
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(VERSION, [Buffer.from(id), ...parts])).setAuthTag(tag);
    const payload = PayloadProto.decode(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
    const [namespace = '', workflowId = '', activityId = ''] = parts.map(String);
    return { payload, binding: { namespace, workflowId, activityId } };
  } catch {
    throw new SealBrokenError(
      `cannot be decrypted with the key ${shownKeyId(id)}: it was encrypted with another key of that name, or was changed`,
    );
  }
}

/** Reports whether a payload is encrypted, according to its metadata. */
export const isSealed = ({ metadata }: Payload): boolean =>
  textOf(metadata?.[METADATA_ENCODING_KEY]) === ENCODING;

/** Returns the ID of the key that a payload is encrypted with. */
export const keyIdOf = ({ metadata }: Payload): string => textOf(metadata?.[KEY_ID]);

/** Returns the bytes that are authenticated and not encrypted. Each text follows its length, so no two lists give the same bytes. */
const additionalData = (version: number, texts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([version]), ...texts.flatMap((text) => [lengthOf(text), text])]);

function lengthOf(text: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return length;
}

const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('utf8');
