import {
  ApplicationFailure,
  defaultPayloadConverter,
  METADATA_ENCODING_KEY,
  type Payload,
  type PayloadCodec,
  type SerializationContext,
} from '@temporalio/common';
import proto from '@temporalio/proto';
import { UploadError } from '../contract/errors.js';
import { ARRIVED_IN, ORIGINAL, UNTRUSTED, untrusted } from '../contract/untrusted.js';
import type { EncryptionKey } from '../settings/schemas.js';
import { shortenText } from '../util/shorten-text.js';
import { type Binding, isSealed, keyIdOf, SealBrokenError, seal, unseal } from './sealed-payload.js';
import { shownKeyId, UNREADABLE } from './unreadable.js';

const { Payload: PayloadProto } = proto.temporal.api.common.v1;

/**
 * Encrypts payloads before they leave this process, and binds each to its namespace, its workflow and, if it belongs to
 * an activity, to that. The first key encrypts, and every key decrypts. Whatever was not made by someone with a key, or
 * was made for something else, is replaced by an `untrusted` value.
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

  /** @param context what the payloads belong to. Without it, they can be displayed, but no process trusts them. */
  async encode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const binding = bindingOf(context);
    return payloads.map((payload) =>
      isReadable(payload, context) ? payload : seal(payload, this.#current, binding),
    );
  }

  /**
   * @param context what the payloads have to belong to
   * @throws ApplicationFailure `PAYLOAD_UNREADABLE` if this process lacks the key, or the payload was changed
   */
  async decode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const expected = bindingOf(context);
    const arrivedIn = context?.type ?? 'unknown';
    return payloads.map((payload) => {
      if (!isSealed(payload)) return unencrypted(payload, arrivedIn);
      const { payload: decrypted, binding } = this.#unseal(payload);
      const belongsTo = differenceBetween(binding, expected);
      if (belongsTo === undefined) return decrypted;
      // The input of a Nexus operation has no context. Whoever reads it treats it as that of an untrusted client.
      const kept = context === undefined ? { [ORIGINAL]: PayloadProto.encode(decrypted).finish() } : {};
      return marked(`was encrypted for ${belongsTo}`, arrivedIn, kept);
    });
  }

  /**
   * Decrypts payloads for a reader who is not told what they belong to, such as the Temporal UI. Unencrypted ones are
   * returned as they are.
   *
   * @throws ApplicationFailure `PAYLOAD_UNREADABLE`
   */
  async decodeForDisplay(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (isSealed(payload) ? this.#unseal(payload).payload : payload));
  }

  #unseal(payload: Payload): ReturnType<typeof unseal> {
    try {
      return unseal(payload, this.#keys);
    } catch (error) {
      if (!(error instanceof SealBrokenError)) throw error;
      throw unreadable(`A payload ${error.message}`, error.action);
    }
  }
}

/**
 * Decrypts payloads for a worker whose workflows call uploads from another namespace, by Nexus: receipts are encrypted for the
 * workflow of the upload. Its own payloads are encrypted as by {@link EncryptionCodec}, and unencrypted ones are accepted.
 */
export class CallerCodec implements PayloadCodec {
  readonly #codec: EncryptionCodec;

  /** @param keys at least one key; the first one encrypts */
  constructor(keys: readonly EncryptionKey[]) {
    this.#codec = new EncryptionCodec(keys);
  }

  /** Encrypts payloads for their context. */
  encode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    return this.#codec.encode(payloads, context);
  }

  /** @throws ApplicationFailure `PAYLOAD_UNREADABLE` if this process lacks the key, or the payload was changed */
  decode(payloads: Payload[]): Promise<Payload[]> {
    return this.#codec.decodeForDisplay(payloads);
  }
}

/** Leaves payloads unencrypted, and throws a `PAYLOAD_UNREADABLE` that names the missing key for an encrypted one. */
export const plainCodec: PayloadCodec = {
  encode: async (payloads) => payloads,
  decode: async (payloads) => {
    const encrypted = payloads.find(isSealed);
    if (!encrypted) return payloads;
    throw unreadable(
      `A payload is encrypted with the key ${shownKeyId(keyIdOf(encrypted))}, but this process has no key`,
    );
  },
};

const bindingOf = (context: SerializationContext | undefined): Binding => ({
  namespace: context?.namespace ?? '',
  workflowId: context?.workflowId ?? '',
  activityId: (context?.type === 'activity' && context.activityId) || '',
});

/** Returns what a payload belongs to, if that is not what is expected. */
function differenceBetween(actual: Binding, expected: Binding): string | undefined {
  const { namespace, workflowId, activityId } = actual;
  if (namespace !== expected.namespace) return `the namespace "${shortenText(namespace)}"`;
  if (workflowId !== expected.workflowId) return `the workflow "${shortenText(workflowId)}"`;
  if (activityId === expected.activityId) return undefined;
  return activityId === '' ? 'the workflow itself' : `the activity "${shortenText(activityId)}"`;
}

/** Keeps the bytes, because a workflow may be started without a key. */
const unencrypted = (payload: Payload, arrivedIn: string): Payload =>
  marked('is not encrypted', arrivedIn, { [ORIGINAL]: PayloadProto.encode(payload).finish() });

function marked(reason: string, arrivedIn: string, more: Payload['metadata'] = {}): Payload {
  const { metadata, ...payload } = defaultPayloadConverter.toPayload(untrusted(reason));
  const marks = { [UNTRUSTED]: Buffer.from(reason), [ARRIVED_IN]: Buffer.from(arrivedIn) };
  return { ...payload, metadata: { ...metadata, ...more, ...marks } };
}

/** Retryable: the retry succeeds once this process has the key, or on a worker that has it. */
const unreadable = (happened: string, action?: string) =>
  ApplicationFailure.retryable(
    new UploadError(UNREADABLE, happened, action === undefined ? {} : { action }).message,
    UNREADABLE,
  );

/** Matches a summary, which the Temporal UI shows. No data is a bare string. */
const SUMMARY = /^"/;
/** Matches the details of a failure. An SDK without the key cannot even read the message of a failed run if these are encrypted. */
const FAILURE_CODE = /^\{"code":"[A-Z0-9_]+","remedy":"(retry|presign-again|final)"\}$/;
const MAX_READABLE_BYTES = 16 * 1024;

/** Reports whether a payload stays readable. No worker trusts what does: failures of activities are encrypted as a whole. */
function isReadable({ metadata, data }: Payload, context: SerializationContext | undefined): boolean {
  if (Buffer.from(metadata?.[METADATA_ENCODING_KEY] ?? []).toString() !== 'json/plain') return false;
  if (!data || data.length > MAX_READABLE_BYTES) return false;
  const text = Buffer.from(data).toString('utf8');
  return SUMMARY.test(text) || (context?.type === 'workflow' && FAILURE_CODE.test(text));
}
