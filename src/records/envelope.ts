import { sign, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalBytes } from './canonical.js';
import type { SigningKey, VerificationKey } from './keys.js';

/** A signed document: a DSSE envelope (source: github.com/secure-systems-lab/dsse, version 1.0.2). */
export interface Envelope {
  readonly payloadType: string;
  /** Signed bytes in base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

const base64 = z
  .string()
  .refine((value) => Buffer.from(value, 'base64').toString('base64') === value, 'must be base64');

/** Schema of an {@link Envelope} with one signature. */
export const envelopeSchema = z.strictObject({
  payloadType: z.string(),
  payload: base64,
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: base64 })).length(1),
});

/** Returns the bytes that a signature covers, so that a payload of one type cannot pass for another. */
const signedBytes = (payloadType: string, payload: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `),
    payload,
  ]);

/** Signs a value as canonical JSON. */
export function signJson(payloadType: string, value: unknown, { keyId, privateKey }: SigningKey): Envelope {
  const payload = canonicalBytes(value);
  const signature = sign(null, signedBytes(payloadType, payload), privateKey);
  return {
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: keyId, sig: signature.toString('base64') }],
  };
}

/** Reports whether the key signed the envelope. */
export const isSignedBy = ({ payloadType, payload, signatures }: Envelope, key: VerificationKey): boolean =>
  signatures.some(
    ({ keyid, sig }) =>
      keyid === key.keyId &&
      verify(
        null,
        signedBytes(payloadType, Buffer.from(payload, 'base64')),
        key.publicKey,
        Buffer.from(sig, 'base64'),
      ),
  );
