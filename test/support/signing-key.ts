import { generateKeyPairSync } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { readSigningKey, type SigningKey } from '../../src/records/keys.js';
import type { World } from './world.js';

/** Returns a new key that signs records. */
export function newSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = readSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  if (!key) throw new Error('no key');
  return key;
}

/** Lets the commands of a world sign records with a new key. Returns the path of its public key. */
export async function writeSigningKey(world: World): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const path = await world.write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  await chmod(path, 0o600);
  world.env.APLOS_UPLOAD_SIGNING_KEY_FILE = path;
  return world.write('key.pub.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString());
}
