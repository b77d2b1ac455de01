import type { SigningKey } from '../../records/keys.js';

/** Returns the sentence that says who signed a record, or how to sign it. */
export const signatureText = (key: SigningKey | undefined): string =>
  key ? `Signed with the key ${key.keyId}.` : 'Not signed: set APLOS_UPLOAD_SIGNING_KEY_FILE to sign it.';
