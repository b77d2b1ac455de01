/** Prefix of a secret of Standard Webhooks, before the key in base64. */
const PREFIX = 'whsec_';
/** Length of a key in bytes, as Standard Webhooks recommends. */
const KEY_BYTES = { min: 24, max: 64 } as const;

/** Returns the key of a secret such as `whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD`; `undefined` if it is none. */
export function webhookKey(secret: string): Buffer | undefined {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(encoded, 'base64');
  const isExact = key.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '');
  return isExact && key.length >= KEY_BYTES.min && key.length <= KEY_BYTES.max ? key : undefined;
}
