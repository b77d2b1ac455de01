import { closest, distance } from 'fastest-levenshtein';
import { parse as parseToml, TomlDate, type TomlTable, type TomlValue } from 'smol-toml';
import { UploadError } from '../contract/errors.js';
import { readSettingsFile } from './secret-sources.js';

/** The keys of each table of the file, and the variable that each stands for. */
export const FILE_KEYS = {
  worker: {
    roots: 'APLOS_UPLOAD_ROOTS',
    source_hosts: 'APLOS_UPLOAD_SOURCE_HOSTS',
    spool_limit: 'APLOS_UPLOAD_SPOOL_LIMIT',
    s3_hosts: 'APLOS_UPLOAD_S3_HOSTS',
    idle_timeout: 'APLOS_UPLOAD_IDLE_TIMEOUT',
    shutdown_grace: 'APLOS_UPLOAD_SHUTDOWN_GRACE',
    list_lag: 'APLOS_UPLOAD_LIST_LAG',
    concurrency: 'APLOS_UPLOAD_CONCURRENCY',
  },
  encryption: {
    mode: 'APLOS_UPLOAD_ENCRYPTION',
    key_file: 'APLOS_UPLOAD_ENCRYPTION_KEY_FILE',
    key_command: 'APLOS_UPLOAD_ENCRYPTION_KEY_COMMAND',
  },
  host: { name: 'APLOS_UPLOAD_HOST', shared_roots: 'APLOS_UPLOAD_SHARED_ROOTS' },
  monitoring: { metrics: 'APLOS_UPLOAD_METRICS', health: 'APLOS_UPLOAD_HEALTH' },
  network: { ca_file: 'APLOS_UPLOAD_CA_FILE' },
  ui: { url: 'APLOS_UPLOAD_UI_URL' },
  codec_server: {
    token_file: 'APLOS_UPLOAD_CODEC_TOKEN_FILE',
    jwks_url: 'APLOS_UPLOAD_CODEC_JWKS_URL',
    jwt_audience: 'APLOS_UPLOAD_CODEC_JWT_AUDIENCE',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

/** The keys of each table below `profiles`. */
export const PROFILE_KEYS = [
  'api_url',
  'api_version',
  'user_name',
  'password_file',
  'password_command',
  'client_id',
  'region',
  'cognito_endpoint',
] as const;

/** Of variables that say the same in different ways; one in the environment replaces all of them in the file. */
const ALTERNATIVES = [
  ['APLOS_UPLOAD_ENCRYPTION', '…_KEY', '…_KEY_FILE', '…_KEY_COMMAND'],
  ['APLOS_UPLOAD_CODEC_TOKEN', '…_FILE'],
].map(([stem = '', ...rest]) => [stem, ...rest.map((end) => end.replace('…', stem))]);

/** What the file says. */
export interface ConfigFile {
  readonly path: string;
  /** By the variable that each stands for. */
  readonly values: ReadonlyMap<string, { readonly key: string; readonly value: string }>;
  /** Not checked but for their keys. */
  readonly profiles: Readonly<Record<string, unknown>>;
}

/**
 * Reads the file, and sees that every key in it is known.
 *
 * @throws UploadError `SETTINGS_INVALID` naming each key that is not, and the nearest that is
 */
export function readConfigFile(path: string): ConfigFile {
  const tables = parsed(path);
  const problems = unknownKeys('', tables, ['profiles', ...Object.keys(FILE_KEYS)]);
  const values = new Map<string, { key: string; value: string }>();
  for (const [table, keys] of Object.entries(FILE_KEYS)) {
    const content = tables[table];
    if (content === undefined) continue;
    if (!isTable(content)) {
      problems.push(`${table}: must be a table`);
      continue;
    }
    problems.push(...unknownKeys(`${table}.`, content, Object.keys(keys)));
    for (const [name, variable] of Object.entries(keys)) {
      const value = content[name];
      if (value === undefined) continue;
      const text = textOf(value, variable);
      if (text === undefined) problems.push(`${table}.${name}: must be text, a number or a list of texts`);
      else values.set(variable, { key: `${table}.${name}`, value: text });
    }
  }
  const profiles = isTable(tables.profiles) ? tables.profiles : {};
  for (const [name, profile] of Object.entries(profiles))
    if (isTable(profile)) problems.push(...unknownKeys(`profiles.${name}.`, profile, PROFILE_KEYS));
  if (problems.length > 0)
    throw invalid(`${named(path)} has settings that are not valid: ${problems.join('; ')}`);
  return { path, values, profiles };
}

/** The environment, and what the file says where the environment says nothing about it. */
export function withFile<Environment extends Readonly<Record<string, string | undefined>>>(
  environment: Environment,
  file: ConfigFile | undefined,
): Record<string, string | undefined> {
  const replaced = new Set(
    ALTERNATIVES.filter((names) => names.some((name) => environment[name] !== undefined)).flat(),
  );
  const fromFile = [...(file?.values ?? [])].filter(([name]) => !replaced.has(name));
  return { ...Object.fromEntries(fromFile.map(([name, { value }]) => [name, value])), ...environment };
}

/** The file as messages name it. */
export const named = (path: string) => `The file ${path} (APLOS_UPLOAD_SETTINGS)`;

/** The words that lead from a name that is not known to the one that was meant; nothing where none is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = known.find((each) => each.startsWith(name)) ?? closest(name, known);
  return nearest.startsWith(name) || distance(name, nearest) <= Math.max(name.length, nearest.length) / 2
    ? `(did you mean ${nearest}?)`
    : `(known are ${known.join(', ')})`;
}

function unknownKeys(at: string, table: TomlTable, known: readonly string[]): string[] {
  return Object.keys(table)
    .filter((key) => !known.includes(key))
    .map((key) => `${at}${key}: is not known ${didYouMean(key, known)}`);
}

function parsed(path: string): TomlTable {
  const content = readSettingsFile('APLOS_UPLOAD_SETTINGS', path);
  try {
    return parseToml(content);
  } catch (cause) {
    throw invalid(`${named(path)} is not TOML: ${(cause as Error).message.split('\n')[0]}`);
  }
}

/** A list is written as its variable is. */
function textOf(value: TomlValue, variable: string): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.every((each) => typeof each === 'string'))
    return value.join(variable.endsWith('_ROOTS') ? ':' : ',');
  return undefined;
}

const isTable = (value: TomlValue | undefined): value is TomlTable =>
  typeof value === 'object' && !Array.isArray(value) && !(value instanceof TomlDate);

const invalid = (happened: string) => new UploadError('SETTINGS_INVALID', happened);
