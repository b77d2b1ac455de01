import { type GivenSettings, readGiven } from './given.js';
import { type Parsed, parseTable } from './parse.js';
import { invalidSettings } from './secrets.js';
import type { Environment, Reader, SettingsTable, Spelling, Values } from './setting.js';
import type { AplosProfile, CodecAccess, Encryption, Settings } from './settings.js';
import { profileTable, settingsTable } from './table.js';
import { temporalSettingsOf } from './temporal-variables.js';

/** Settings, and what they were made from. */
export interface LoadedSettings {
  readonly settings: Settings;
  /** Values of the table, before {@link Settings} combines them. */
  readonly values: SettingsValues;
  readonly given: GivenSettings;
}

type SettingsValues = Values<typeof settingsTable>;

/**
 * Reads the settings from environment variables and the settings file. If both define a setting, the environment
 * variable wins. An empty variable counts as unset.
 *
 * @param reader the program that needs the settings: files and commands of others are not read. Default: the worker.
 *   Only a worker gets profiles
 * @throws UploadError `SETTINGS_INVALID` naming each invalid variable or key
 */
export const loadSettings = (environment: Environment = process.env, reader: Reader = 'worker'): Settings =>
  loadAll(environment, reader).settings;

/**
 * Reads the settings and keeps what they were made from.
 *
 * @throws UploadError `SETTINGS_INVALID` naming each invalid variable or key
 */
export function loadAll(environment: Environment, reader: Reader): LoadedSettings {
  const given = readGiven(environment);
  parseGiven(given);
  const values = complete(parseTable(settingsTable, given.settings, reader));
  const {
    temporalAddress: _address,
    temporalNamespace: _namespace,
    temporalApiKey,
    temporalConfigFile: _configFile,
    temporalProfile: _profile,
    encryptionMode,
    encryptionKeys,
    codecToken,
    codecJwksUrl,
    codecJwtIssuer,
    codecJwtAudience,
    ...others
  } = values;
  const settings = Object.freeze({
    ...others,
    profiles: reader === 'worker' ? profilesOf(given) : new Map(),
    temporal: temporalSettingsOf(environment, given.settings, temporalApiKey),
    encryption: encryptionOf({ encryptionMode, encryptionKeys }),
    codecAccess:
      reader === 'codec-server'
        ? codecAccessOf({ codecToken, codecJwksUrl, codecJwtIssuer, codecJwtAudience })
        : {},
  });
  return { settings, values, given };
}

/**
 * Parses everything in the environment and the settings file, except the profiles in the file and values that are in
 * other files or come from commands.
 *
 * @throws UploadError `SETTINGS_INVALID` naming each invalid variable or key
 */
export function parseGiven({ account, settings }: GivenSettings): Partial<SettingsValues> {
  const parsed = parseTable(settingsTable, settings);
  throwIfAny([...parseTable(profileTable, account).problems, ...parsed.problems]);
  return parsed.values;
}

function profilesOf({ account, profiles }: GivenSettings): ReadonlyMap<string, AplosProfile> {
  return new Map(
    [...profiles].map(([name, given]) => {
      const keyName = ({ key }: Spelling) => key && `profiles.${name}.${key}`;
      return [
        name,
        complete(parseTable(profileTable, given, 'worker', given === account ? undefined : keyName)),
      ];
    }),
  );
}

function encryptionOf({
  encryptionMode: mode,
  encryptionKeys: keys,
}: Pick<SettingsValues, 'encryptionMode' | 'encryptionKeys'>): Encryption {
  if (mode === undefined) return keys ? { mode: 'on', keys } : { mode: 'unset' };
  if (!keys) return { mode };
  throw invalidSettings(
    'APLOS_UPLOAD_ENCRYPTION is "off", but an encryption key is set',
    'Unset one of them.',
  );
}

function codecAccessOf({
  codecToken: token,
  codecJwksUrl: jwksUrl,
  codecJwtIssuer: issuer,
  codecJwtAudience: audience,
}: Pick<SettingsValues, 'codecToken' | 'codecJwksUrl' | 'codecJwtIssuer' | 'codecJwtAudience'>): CodecAccess {
  if (jwksUrl !== undefined && issuer !== undefined && audience !== undefined)
    return { token, jwt: { jwksUrl, issuer, audience } };
  if (jwksUrl === undefined && issuer === undefined && audience === undefined) return { token };
  throw invalidSettings(
    'Only some of APLOS_UPLOAD_CODEC_JWKS_URL, APLOS_UPLOAD_CODEC_JWT_ISSUER and APLOS_UPLOAD_CODEC_JWT_AUDIENCE are set',
    'Set all three, or none of them.',
  );
}

function complete<Table extends SettingsTable>({ values, problems }: Parsed<Table>): Values<Table> {
  throwIfAny(problems);
  return values as Values<Table>;
}

function throwIfAny(problems: readonly string[]): void {
  if (problems.length > 0) throw invalidSettings(`Invalid settings: ${problems.join('; ')}`);
}
