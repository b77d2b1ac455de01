import type { Secret } from '../util/secret.js';
import type { EncryptionKey } from './schemas.js';
import type { Values } from './setting.js';
import type { profileTable, settingsTable } from './table.js';
import type { TemporalSettings } from './temporal-variables.js';

/** One Aplos account, and the Aplos environment that it belongs to. */
export type AplosProfile = Values<typeof profileTable>;

/** Encryption of payloads. The first key encrypts, all keys decrypt. `off` only if the user turned it off. */
export type Encryption =
  | { readonly mode: 'on'; readonly keys: readonly EncryptionKey[] }
  | { readonly mode: 'off' }
  | { readonly mode: 'unset' };

/** Clients that may use a codec server. */
export interface CodecAccess {
  /** Token that clients send as `Authorization: Bearer …`. */
  readonly token?: Secret | undefined;
  /** Key set, issuer and audience for clients that send a JWT. */
  readonly jwt?: { readonly jwksUrl: string; readonly issuer: string; readonly audience: string } | undefined;
}

/** Settings that {@link Settings} has in combined form. */
type Combined =
  | 'temporalAddress'
  | 'temporalNamespace'
  | 'temporalApiKey'
  | 'temporalConfigFile'
  | 'temporalProfile'
  | 'encryptionMode'
  | 'encryptionKeys'
  | 'codecToken'
  | 'codecJwksUrl'
  | 'codecJwtIssuer'
  | 'codecJwtAudience';

/** All settings of a program. Names, types, units and defaults are those of the table. */
export type Settings = Omit<Values<typeof settingsTable>, Combined> & {
  /** Aplos accounts by name. `default` can come from the environment, all others come from the file. Empty for clients. */
  readonly profiles: ReadonlyMap<string, AplosProfile>;
  readonly encryption: Encryption;
  /** Connection to Temporal. */
  readonly temporal: TemporalSettings;
  /** Empty except for a codec server. */
  readonly codecAccess: CodecAccess;
};
