import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** A key that signs records, and its ID. */
export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** A key that verifies records, and its ID. */
export interface VerificationKey {
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

const KEY_ID_LENGTH = 16;

/** Returns the ID of a key: the first 16 hex digits of the SHA-256 of the public key as DER (SubjectPublicKeyInfo). */
export const keyIdOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, KEY_ID_LENGTH);

/**
 * Reads a private key.
 *
 * @param pem Ed25519 key in PEM, as `openssl genpkey -algorithm ed25519` writes it
 * @returns `undefined` if it is something else
 */
export function readSigningKey(pem: string): SigningKey | undefined {
  try {
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyType !== 'ed25519') return undefined;
    return { keyId: keyIdOf(createPublicKey(privateKey)), privateKey };
  } catch {
    return undefined;
  }
}

const PEM_BLOCK = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;

/** Returns the Ed25519 public keys in a text: any number of keys in PEM, as `openssl pkey -pubout` writes them. */
export const readVerificationKeys = (pem: string): VerificationKey[] =>
  (pem.match(PEM_BLOCK) ?? []).flatMap((block) => {
    try {
      const publicKey = createPublicKey(block);
      return publicKey.asymmetricKeyType === 'ed25519' ? [{ keyId: keyIdOf(publicKey), publicKey }] : [];
    } catch {
      return [];
    }
  });

/** Returns the key that verifies what a key signs. */
export const verificationKeyOf = ({ keyId, privateKey }: SigningKey): VerificationKey => ({
  keyId,
  publicKey: createPublicKey(privateKey),
});
