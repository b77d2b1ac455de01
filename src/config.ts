import { createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { z } from 'zod';
import { UploadError } from './contract/errors.js';
import { problemsOf } from './contract/problems.js';
import { HostList } from './http/hosts.js';
import { Secret } from './secret.js';

/** One Aplos account, and the environment of Aplos that it belongs to. */
export interface AplosProfile {
  /** Base URL of the API, path included, without a trailing slash. Default: https://api.aplos-nca.com */
  readonly apiUrl: string;
  readonly apiVersion: 'v1';
  readonly userName: string;
  readonly password: Secret;
  /** Discovered from the host where absent. */
  readonly clientId?: string | undefined;
  /** Discovered from the host where absent. */
  readonly region?: string | undefined;
  /** A stand-in for Cognito. */
  readonly cognitoEndpoint?: string | undefined;
}

/** A 256-bit key for payloads, and the id that goes along with what it encrypted. */
export interface EncryptionKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** How payloads are encrypted: the first key encrypts, all decrypt. `off` only where it was said in so many words. */
export type Encryption =
  | { readonly mode: 'on'; readonly keys: readonly EncryptionKey[] }
  | { readonly mode: 'off' }
  | { readonly mode: 'unset' };

/** All settings, read once. */
export interface Settings {
  /** By name. `default` comes from the environment, all others from the file. */
  readonly profiles: ReadonlyMap<string, AplosProfile>;
  readonly encryption: Encryption;
  /** Folders below which files may be read; empty: anywhere. */
  readonly uploadRoots: readonly string[];
  /** Hosts and addresses that `https:` sources may be read from; empty: none. */
  readonly sourceHosts: HostList;
  /** Most bytes of a source of unknown length that are taken to the disk. Default: 1 GiB */
  readonly spoolLimitBytes: number;
  /** Hosts that presigned POSTs may lead to, besides Amazon S3 and this machine. Default: none */
  readonly s3Hosts: HostList;
  /** An upload of which no byte moved for so long is given up and tried again, in milliseconds. Default: 60 s */
  readonly idleTimeoutMs: number;
  /** What a running upload gets to finish when the worker is told to stop, in milliseconds. Default: 30 s */
  readonly shutdownGraceMs: number;
  /**
   * How long the service's list of executions may lag behind a start, in milliseconds: for so long a start whose
   * answer was lost is looked for before it is made again. Default: 15 s
   */
  readonly listLagMs: number;
  /** Uploads and calls that one worker runs at a time. Default: 20 */
  readonly concurrency: number;
  /** Where the Temporal UI is, without a trailing slash. Default: guessed from the Temporal address */
  readonly uiUrl?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const url = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .transform((text) => text.replace(/\/+$/, ''));
const seconds = z.coerce.number('must be a number of seconds').positive('must be more than 0');
const text = z.string().min(1).optional();
const hosts = text.transform((given, context) => {
  try {
    return new HostList(given?.split(/[\s,]+/).filter(Boolean));
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const environmentSchema = z.object({
  APLOS_API_URL: url.default('https://api.aplos-nca.com'),
  APLOS_API_VERSION: z.literal('v1', 'only v1 is spoken').default('v1'),
  COGNITO_USER_NAME: text,
  COGNITO_PASSWORD: text,
  COGNITO_PASSWORD_FILE: text,
  COGNITO_CLIENT_ID: text,
  COGNITO_REGION: text,
  COGNITO_ENDPOINT: url.optional(),
  APLOS_UPLOAD_CONFIG: text,
  APLOS_UPLOAD_ROOTS: text,
  APLOS_UPLOAD_SOURCE_HOSTS: hosts,
  APLOS_UPLOAD_SPOOL_LIMIT: z.coerce
    .number('must be a whole number of bytes')
    .int('must be a whole number of bytes')
    .positive('must be more than 0')
    .default(1024 ** 3),
  APLOS_UPLOAD_S3_HOSTS: hosts,
  APLOS_UPLOAD_IDLE_TIMEOUT: seconds.default(60),
  APLOS_UPLOAD_SHUTDOWN_GRACE: seconds.default(30),
  APLOS_UPLOAD_LIST_LAG: seconds.default(15),
  APLOS_UPLOAD_CONCURRENCY: z.coerce
    .number('must be a whole number')
    .int()
    .positive('must be more than 0')
    .default(20),
  APLOS_UPLOAD_ENCRYPTION: z.literal('off', 'can only be "off"').optional(),
  APLOS_UPLOAD_ENCRYPTION_KEY: text,
  APLOS_UPLOAD_ENCRYPTION_KEY_FILE: text,
  APLOS_UPLOAD_UI_URL: url.optional(),
});

const fileSchema = z.strictObject({
  profiles: z
    .record(
      z.string().min(1),
      z.strictObject({
        api_url: url.default('https://api.aplos-nca.com'),
        api_version: z.literal('v1', 'only v1 is spoken').default('v1'),
        user_name: z.string().min(1),
        password_file: z.string().min(1),
        client_id: text,
        region: text,
        cognito_endpoint: url.optional(),
      }),
    )
    .default({}),
});

/**
 * Reads the settings from the environment and the file that `APLOS_UPLOAD_CONFIG` names. Variables that are
 * set but empty count as not set.
 *
 * @throws {@link UploadError} `SETTINGS_INVALID` naming each variable that is wrong
 */
export function loadSettings(environment: Environment = process.env): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const env = checked(environmentSchema, given, 'The environment');
  return Object.freeze({
    profiles: new Map([...profilesFromFile(env.APLOS_UPLOAD_CONFIG), ...profileFromEnvironment(env)]),
    encryption: encryptionOf(env),
    uploadRoots: uploadRootsOf(env),
    sourceHosts: env.APLOS_UPLOAD_SOURCE_HOSTS,
    spoolLimitBytes: env.APLOS_UPLOAD_SPOOL_LIMIT,
    s3Hosts: env.APLOS_UPLOAD_S3_HOSTS,
    idleTimeoutMs: env.APLOS_UPLOAD_IDLE_TIMEOUT * 1000,
    shutdownGraceMs: env.APLOS_UPLOAD_SHUTDOWN_GRACE * 1000,
    listLagMs: env.APLOS_UPLOAD_LIST_LAG * 1000,
    concurrency: env.APLOS_UPLOAD_CONCURRENCY,
    uiUrl: env.APLOS_UPLOAD_UI_URL,
  });
}

type CheckedEnvironment = z.output<typeof environmentSchema>;

function uploadRootsOf({ APLOS_UPLOAD_ROOTS: given }: CheckedEnvironment): string[] {
  if (given === undefined) return [];
  const roots = given.split(':').filter(Boolean);
  if (roots.length === 0) throw invalid('APLOS_UPLOAD_ROOTS names no folder');
  return roots.map((root) => resolve(root));
}

function profileFromEnvironment(env: CheckedEnvironment): [string, AplosProfile][] {
  const { COGNITO_USER_NAME: userName } = env;
  const password = env.COGNITO_PASSWORD ?? readSecretFile('COGNITO_PASSWORD_FILE', env.COGNITO_PASSWORD_FILE);
  if (!userName && !password) return [];
  if (!userName) throw invalid('COGNITO_USER_NAME is not set, though the password is');
  if (!password)
    throw invalid('COGNITO_PASSWORD or COGNITO_PASSWORD_FILE is not set, though COGNITO_USER_NAME is');
  return [
    [
      'default',
      {
        apiUrl: env.APLOS_API_URL,
        apiVersion: env.APLOS_API_VERSION,
        userName,
        password: new Secret(password),
        clientId: env.COGNITO_CLIENT_ID,
        region: env.COGNITO_REGION,
        cognitoEndpoint: env.COGNITO_ENDPOINT,
      },
    ],
  ];
}

function profilesFromFile(path: string | undefined): [string, AplosProfile][] {
  if (!path) return [];
  const { profiles } = checked(fileSchema, readToml(path), `The file ${path} (APLOS_UPLOAD_CONFIG)`);
  return Object.entries(profiles).map(([name, profile]) => [
    name,
    {
      apiUrl: profile.api_url,
      apiVersion: profile.api_version,
      userName: profile.user_name,
      password: new Secret(readSecretFile(`profiles.${name}.password_file`, profile.password_file)),
      clientId: profile.client_id,
      region: profile.region,
      cognitoEndpoint: profile.cognito_endpoint,
    },
  ]);
}

function readToml(path: string): unknown {
  const content = readSettingsFile('APLOS_UPLOAD_CONFIG', path);
  try {
    return parseToml(content);
  } catch (cause) {
    throw invalid(
      `The file ${path} (APLOS_UPLOAD_CONFIG) is not TOML: ${(cause as Error).message.split('\n')[0]}`,
    );
  }
}

function encryptionOf(env: CheckedEnvironment): Encryption {
  const given =
    env.APLOS_UPLOAD_ENCRYPTION_KEY ??
    readSecretFile('APLOS_UPLOAD_ENCRYPTION_KEY_FILE', env.APLOS_UPLOAD_ENCRYPTION_KEY_FILE);
  if (env.APLOS_UPLOAD_ENCRYPTION === 'off') {
    if (given)
      throw invalid('APLOS_UPLOAD_ENCRYPTION is "off", but an encryption key is set; unset one of them');
    return { mode: 'off' };
  }
  if (!given) return { mode: 'unset' };
  const keys = given
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(parseKey);
  if (keys.length === 0) throw invalid('APLOS_UPLOAD_ENCRYPTION_KEY holds no key');
  const twice = keys.find(({ id }, index) => keys.findIndex((other) => other.id === id) < index);
  if (twice) throw invalid(`APLOS_UPLOAD_ENCRYPTION_KEY holds two keys with the id "${twice.id}"`);
  return { mode: 'on', keys };
}

function parseKey(given: string): EncryptionKey {
  const [, id, encoded] = /^([\w.-]{1,64}):([A-Za-z0-9+/]{43}=)$/.exec(given) ?? [];
  if (!id || !encoded) {
    throw invalid(
      'A key in APLOS_UPLOAD_ENCRYPTION_KEY must read ID:KEY, KEY being 32 bytes in base64; make one with `openssl rand -base64 32`',
    );
  }
  return { id, key: createSecretKey(encoded, 'base64') };
}

function readSecretFile(setting: string, path: string): string;
function readSecretFile(setting: string, path: string | undefined): string | undefined;
function readSecretFile(setting: string, path: string | undefined): string | undefined {
  if (!path) return undefined;
  const content = readSettingsFile(setting, path).replace(/\r?\n$/, '');
  if (!content) throw invalid(`${setting} names ${path}, which is empty`);
  return content;
}

function readSettingsFile(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw invalid(
      `${setting} names ${path}, which cannot be read (${(cause as NodeJS.ErrnoException).code})`,
    );
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(`${what} has settings that are not valid: ${problemsOf(parsed.error, '').join('; ')}`);
}

const invalid = (happened: string) => new UploadError('SETTINGS_INVALID', happened);
