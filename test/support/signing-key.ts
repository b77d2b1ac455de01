import { generateKeyPairSync } from 'node:crypto';
import { readSigningKey, type SigningKey } from '../../src/records/keys.js';

/** Returns a new key that signs records. */
export function newSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = readSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  if (!key) throw new Error('no key');
  return key;
}
