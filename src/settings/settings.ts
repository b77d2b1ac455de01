import { createSecretKey, type KeyObject, X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { UploadError } from '../contract/errors.js';
import { problemsOf } from '../contract/problems.js';
import { hostSchema } from '../contract/request.js';
import { HostList } from '../http/host-list.js';
import { type ListenAddress, parseListenAddress } from '../http/listen-address.js';
import { Secret } from '../util/secret.js';
import { type ConfigFile, didYouMean, named, readConfigFile, withFile } from './file.js';
import { readSecret, readSettingsFile } from './secret-sources.js';

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
  /**
   * The host that this process is on, by the name that requests know it by. A worker takes what is for it alone; a client
   * says in its requests that its files are here. Default: neither
   */
  readonly host?: string | undefined;
  /** Folders that all workers see under the same paths: files below them are not on this host alone. Default: none */
  readonly sharedRoots: readonly string[];
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
  /** Where metrics are served for Prometheus. Default: nowhere */
  readonly metrics?: ListenAddress | undefined;
  /** Where `/healthz` and `/readyz` are served. Default: nowhere */
  readonly health?: ListenAddress | undefined;
  /** Certificates, as PEM, that servers may prove themselves with, beside those that Node.js trusts. */
  readonly extraCa?: string | undefined;
  /** Where the Temporal UI is, without a trailing slash. Default: guessed from the Temporal address */
  readonly uiUrl?: string | undefined;
}

/** Who may ask a codec server to decode. */
export interface CodecServerSettings {
  /** Whoever sends this token as `Authorization: Bearer …` may. */
  readonly token?: Secret | undefined;
  /** Whoever sends a JWT that one of these keys has signed may, if it is for the audience. */
  readonly jwt?: { readonly jwksUrl: string; readonly audience: string } | undefined;
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

const listenAddress = text.transform((given, context): ListenAddress | undefined => {
  if (given === undefined) return undefined;
  const address = parseListenAddress(given);
  if (address) return address;
  context.addIssue({ code: 'custom', message: 'must be ADDRESS:PORT, such as 127.0.0.1:9464' });
  return z.NEVER;
});

const environmentSchema = z.object({
  APLOS_API_URL: url.default('https://api.aplos-nca.com'),
  APLOS_API_VERSION: z.literal('v1', 'only v1 is spoken').default('v1'),
  COGNITO_USER_NAME: text,
  COGNITO_PASSWORD: text,
  COGNITO_PASSWORD_FILE: text,
  COGNITO_PASSWORD_COMMAND: text,
  COGNITO_CLIENT_ID: text,
  COGNITO_REGION: text,
  COGNITO_ENDPOINT: url.optional(),
  APLOS_UPLOAD_SETTINGS: text,
  APLOS_UPLOAD_ROOTS: text,
  APLOS_UPLOAD_HOST: z
    .string()
    .transform((given) => (given === 'auto' ? hostname() : given))
    .pipe(hostSchema)
    .optional(),
  APLOS_UPLOAD_SHARED_ROOTS: text,
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
  APLOS_UPLOAD_ENCRYPTION_KEY_COMMAND: text,
  APLOS_UPLOAD_CA_FILE: text,
  APLOS_UPLOAD_CODEC_TOKEN: text,
  APLOS_UPLOAD_CODEC_TOKEN_FILE: text,
  APLOS_UPLOAD_CODEC_JWKS_URL: url.optional(),
  APLOS_UPLOAD_CODEC_JWT_AUDIENCE: text,
  APLOS_UPLOAD_UI_URL: url.optional(),
  APLOS_UPLOAD_METRICS: listenAddress,
  APLOS_UPLOAD_HEALTH: listenAddress,
});

/** The environment variables that are settings, Temporal's own aside. */
export const settingNames: readonly string[] = Object.keys(environmentSchema.shape);

const profileSchema = z
  .object({
    api_url: url.default('https://api.aplos-nca.com'),
    api_version: z.literal('v1', 'only v1 is spoken').default('v1'),
    user_name: z.string().min(1),
    password_file: text,
    password_command: text,
    client_id: text,
    region: text,
    cognito_endpoint: url.optional(),
  })
  .refine(
    ({ password_file: file, password_command: command }) => (file === undefined) !== (command === undefined),
    {
      path: ['password_file'],
      error: 'either this or password_command must be given',
    },
  );
const profilesSchema = z.record(z.string().min(1), profileSchema);

/**
 * Reads the settings from the environment and the file that `APLOS_UPLOAD_SETTINGS` names; where both say something
 * the environment counts. Variables that are set but empty count as not set.
 *
 * @param accounts whether the Aplos accounts are read, with their passwords. Default: yes; clients need none
 * @throws {@link UploadError} `SETTINGS_INVALID` naming each variable or key that is wrong
 */
export function loadSettings(
  environment: Environment = process.env,
  { accounts = true }: { readonly accounts?: boolean } = {},
): Settings {
  const { env, file, label } = readRawSettings(environment);
  const profiles = accounts ? [...profilesFromFile(file), ...profileFromEnvironment(env)] : [];
  return Object.freeze({
    profiles: new Map(profiles),
    encryption: encryptionOf(env, label),
    uploadRoots: foldersIn('APLOS_UPLOAD_ROOTS', env),
    host: env.APLOS_UPLOAD_HOST,
    sharedRoots: foldersIn('APLOS_UPLOAD_SHARED_ROOTS', env),
    sourceHosts: env.APLOS_UPLOAD_SOURCE_HOSTS,
    spoolLimitBytes: env.APLOS_UPLOAD_SPOOL_LIMIT,
    s3Hosts: env.APLOS_UPLOAD_S3_HOSTS,
    idleTimeoutMs: env.APLOS_UPLOAD_IDLE_TIMEOUT * 1000,
    shutdownGraceMs: env.APLOS_UPLOAD_SHUTDOWN_GRACE * 1000,
    listLagMs: env.APLOS_UPLOAD_LIST_LAG * 1000,
    concurrency: env.APLOS_UPLOAD_CONCURRENCY,
    metrics: env.APLOS_UPLOAD_METRICS,
    health: env.APLOS_UPLOAD_HEALTH,
    extraCa: extraCaOf(env, label),
    uiUrl: env.APLOS_UPLOAD_UI_URL,
  });
}

/**
 * Reads who may use a codec server.
 *
 * @throws {@link UploadError} `SETTINGS_INVALID`
 */
export function loadCodecServerSettings(environment: Environment = process.env): CodecServerSettings {
  const { env, label } = readRawSettings(environment);
  const { APLOS_UPLOAD_CODEC_JWKS_URL: jwksUrl, APLOS_UPLOAD_CODEC_JWT_AUDIENCE: audience } = env;
  if ((jwksUrl === undefined) !== (audience === undefined))
    throw invalid('Of APLOS_UPLOAD_CODEC_JWKS_URL and APLOS_UPLOAD_CODEC_JWT_AUDIENCE only one is set');
  const token = readSecret({
    value: env.APLOS_UPLOAD_CODEC_TOKEN,
    file: sourceAt(label('APLOS_UPLOAD_CODEC_TOKEN_FILE'), env.APLOS_UPLOAD_CODEC_TOKEN_FILE),
  });
  return {
    token: token === undefined ? undefined : new Secret(token),
    jwt: jwksUrl && audience ? { jwksUrl, audience } : undefined,
  };
}

/** What is given, checked one by one, and how messages name it. */
export interface RawSettings {
  readonly env: CheckedEnvironment;
  readonly file: ConfigFile | undefined;
  /** The key in the file that a variable's value comes from, or else its own name. */
  readonly label: (variable: string) => string;
}

type CheckedEnvironment = z.output<typeof environmentSchema>;

/**
 * Reads environment and file, without the secrets that they lead to.
 *
 * @throws {@link UploadError} `SETTINGS_INVALID`
 */
export function readRawSettings(environment: Environment): RawSettings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  assertCertificatesAreChecked(given);
  assertNoSlip(given);
  const file =
    given.APLOS_UPLOAD_SETTINGS === undefined ? undefined : readConfigFile(given.APLOS_UPLOAD_SETTINGS);
  const all = withFile(given, file);
  const label = (variable: string) =>
    (given[variable] === undefined && all[variable] !== undefined && file?.values.get(variable)?.key) ||
    variable;
  const parsed = environmentSchema.safeParse(all);
  if (!parsed.success) throw notValid('The settings', parsed.error, label);
  return { env: parsed.data, file, label };
}

/** Node.js and undici take it from the environment, for every connection of the process. */
function assertCertificatesAreChecked({ NODE_TLS_REJECT_UNAUTHORIZED: checked }: Environment): void {
  if (checked !== '0') return;
  throw new UploadError(
    'SETTINGS_INVALID',
    'NODE_TLS_REJECT_UNAUTHORIZED=0 turns the check of certificates off, so that anybody could read what is sent',
    { action: 'Unset it. Name the certificate of a private authority in APLOS_UPLOAD_CA_FILE.' },
  );
}

/** Kubernetes sets it where a service is called aplos-upload. It is near to APLOS_UPLOAD_HOST, and no slip. */
const OF_KUBERNETES = 'APLOS_UPLOAD_PORT';

/** Others may have variables that begin alike; what is nearly one of ours is a slip. */
function assertNoSlip(given: Environment): void {
  const slips = Object.keys(given)
    .filter((name) => name.startsWith('APLOS_') && name !== OF_KUBERNETES && !settingNames.includes(name))
    .filter((name) => settingNames.some((each) => distance(name, each) <= 2))
    .map((name) => `${name}: is not known ${didYouMean(name, settingNames)}`);
  if (slips.length > 0) throw invalid(`The environment has settings that are not valid: ${slips.join('; ')}`);
}

function foldersIn(
  variable: 'APLOS_UPLOAD_ROOTS' | 'APLOS_UPLOAD_SHARED_ROOTS',
  { [variable]: given }: CheckedEnvironment,
): string[] {
  if (given === undefined) return [];
  const folders = given.split(':').filter(Boolean);
  if (folders.length === 0) throw invalid(`${variable} names no folder`);
  return folders.map((folder) => resolve(folder));
}

function extraCaOf({ APLOS_UPLOAD_CA_FILE: path }: CheckedEnvironment, label: RawSettings['label']) {
  if (path === undefined) return undefined;
  const setting = label('APLOS_UPLOAD_CA_FILE');
  const pem = readSettingsFile(setting, path);
  try {
    new X509Certificate(pem);
    return pem;
  } catch {
    throw invalid(`${setting} names ${path}, which does not begin with a certificate in PEM`);
  }
}

function profileFromEnvironment(env: CheckedEnvironment): [string, AplosProfile][] {
  const { COGNITO_USER_NAME: userName } = env;
  const password = readSecret({
    value: env.COGNITO_PASSWORD,
    file: sourceAt('COGNITO_PASSWORD_FILE', env.COGNITO_PASSWORD_FILE),
    command: sourceAt('COGNITO_PASSWORD_COMMAND', env.COGNITO_PASSWORD_COMMAND),
  });
  if (!userName && !password) return [];
  if (!userName) throw invalid('COGNITO_USER_NAME is not set, though the password is');
  if (!password)
    throw invalid(
      'COGNITO_PASSWORD or COGNITO_PASSWORD_FILE is not set, nor is COGNITO_PASSWORD_COMMAND, though COGNITO_USER_NAME is',
    );
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

function profilesFromFile(file: ConfigFile | undefined): [string, AplosProfile][] {
  return Object.entries(checkedProfiles(file)).map(([name, profile]) => {
    const at = `profiles.${name}`;
    const password = readSecret({
      file: sourceAt(`${at}.password_file`, profile.password_file),
      command: sourceAt(`${at}.password_command`, profile.password_command),
    });
    return [
      name,
      {
        apiUrl: profile.api_url,
        apiVersion: profile.api_version,
        userName: profile.user_name,
        password: new Secret(password ?? ''),
        clientId: profile.client_id,
        region: profile.region,
        cognitoEndpoint: profile.cognito_endpoint,
      },
    ];
  });
}

/** The profiles of the file, each checked, without their passwords. */
export function checkedProfiles(file: ConfigFile | undefined): z.output<typeof profilesSchema> {
  if (!file) return {};
  const parsed = profilesSchema.safeParse(file.profiles);
  if (parsed.success) return parsed.data;
  throw notValid(named(file.path), parsed.error, (name) => `profiles.${name}`);
}

function encryptionOf(env: CheckedEnvironment, label: RawSettings['label']): Encryption {
  const given = readSecret({
    value: env.APLOS_UPLOAD_ENCRYPTION_KEY,
    file: sourceAt(label('APLOS_UPLOAD_ENCRYPTION_KEY_FILE'), env.APLOS_UPLOAD_ENCRYPTION_KEY_FILE),
    command: sourceAt(label('APLOS_UPLOAD_ENCRYPTION_KEY_COMMAND'), env.APLOS_UPLOAD_ENCRYPTION_KEY_COMMAND),
  });
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

const sourceAt = (setting: string, where: string | undefined) =>
  where === undefined ? undefined : { setting, where };

const notValid = (what: string, error: z.ZodError, label: (name: string) => string) =>
  invalid(
    `${what} are not valid: ${problemsOf(error, '')
      .map((problem) => problem.replace(/^[^:]+/, label))
      .join('; ')}`,
  );

const invalid = (happened: string) => new UploadError('SETTINGS_INVALID', happened);
