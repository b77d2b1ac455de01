/** Schemas that settings share. Each parses a text; messages follow the name of the setting. */
import { createSecretKey, type KeyObject, X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { hostSchema } from '../contract/request.js';
import type { StorageLocation } from '../contract/results.js';
import { isLoopback } from '../http/address.js';
import { isBucketName, isCognitoClientId, partitionOf } from '../http/aws.js';
import { HostList } from '../http/host-list.js';
import { type ListenAddress, parseListenAddress } from '../http/listen-address.js';
import { storageLocationFrom } from '../http/storage-location.js';
import { webhookKey } from '../http/webhook-key.js';
import { readSigningKey, type SigningKey } from '../records/keys.js';
import { Secret } from '../util/secret.js';

/** A 256-bit key for payloads, and the ID that is stored with each payload that it encrypts. */
export interface EncryptionKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** Any text. */
export const text = z.string();

/** A text that is never printed. */
export const secret = z.string().transform((value) => new Secret(value));

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });

const isSecure = (value: string): boolean => value.startsWith('https:') || isLoopback(new URL(value));
const INSECURE = 'must be an https URL, because http is not encrypted';

/** An HTTP(S) URL, without its trailing slashes. */
export const url = httpUrl.transform((value) => value.replace(/\/+$/, ''));

/** An `https:` URL, or an `http:` URL of this machine, without its trailing slashes. */
export const secureUrl = url.refine(isSecure, INSECURE);

/** The URL of a receiver of webhooks, unchanged. */
export const webhookUrl = httpUrl.refine(isSecure, INSECURE);

/** Secrets of webhooks. No message shows any part of a secret. */
export const webhookSecrets = z
  .string()
  .transform((value) => value.split(/[\s,]+/).filter(Boolean))
  .refine(
    (secrets) => secrets.length > 0 && secrets.every((each) => webhookKey(each) !== undefined),
    'must contain secrets as whsec_KEY, where KEY is 24 to 64 bytes in base64; create one with `echo whsec_$(openssl rand -base64 32)`',
  )
  .transform((secrets): readonly Secret[] => secrets.map((each) => new Secret(each)));

/** The name of an AWS region. It becomes part of a host name. */
export const awsRegion = z
  .string()
  .refine((value) => partitionOf(value) !== undefined, 'must be an AWS region, such as us-east-1');

/** The ID of an app client of Cognito. */
export const cognitoClientId = z
  .string()
  .refine(isCognitoClientId, 'must be the ID of a Cognito app client: letters, digits, + and _');

/** A number of seconds, converted to milliseconds. */
export const seconds = z.coerce
  .number('must be a number of seconds')
  .positive('must be more than 0')
  .transform((value) => value * 1000);

/** A number of days, converted to milliseconds. */
export const days = z.coerce
  .number('must be a number of days')
  .positive('must be more than 0')
  .transform((value) => value * 24 * 60 * 60_000);

/** A positive whole number. */
export const wholeNumber = z.coerce
  .number('must be a whole number')
  .int('must be a whole number')
  .positive('must be more than 0');

/** Folders, as absolute paths. No folder at all is an error, unless the text is empty. */
export const folders = z
  .string()
  .transform((value) => ({ value, paths: value.split(':').filter(Boolean) }))
  .refine(({ value, paths }) => value === '' || paths.length > 0, 'must name a folder')
  .transform(({ paths }) => paths.map((path) => resolve(path)));

/** Directories and S3 prefixes. The colon of `s3://` is no separator. */
export const resultsRoots = z.string().transform((value, context): StorageLocation[] => {
  const entries = value.split(/:(?!\/\/)/).filter(Boolean);
  if (value !== '' && entries.length === 0) context.addIssue('must name a directory or a bucket');
  return entries.map((entry) => {
    const location = storageLocationFrom(entry);
    if (!location) context.addIssue(`contains "${entry}", which is neither a path nor s3://BUCKET/PREFIX/`);
    return location ?? { text: entry, path: entry };
  });
});

/** One directory, or one S3 prefix. */
export const storageLocation = z.string().transform((value, context): StorageLocation => {
  const location = storageLocationFrom(value);
  if (location) return location;
  context.addIssue({ code: 'custom', message: 'must be a path or s3://BUCKET/PREFIX/' });
  return z.NEVER;
});

/** Host names, addresses and ranges. */
export const hosts = z.string().transform((value, context) => {
  try {
    return new HostList(value.split(/[\s,]+/).filter(Boolean));
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/** Names of S3 buckets, and of access points as they appear in host names. */
export const bucketNames = z
  .string()
  .transform((value) => value.split(/[\s,]+/).filter(Boolean))
  .refine(
    (names) => names.every(isBucketName),
    'must contain names of buckets, without a scheme or path, such as aplos-uploads',
  );

/** The name of a host. `auto` is the name that the operating system reports. */
export const hostName = z
  .string()
  .transform((value) => (value === 'auto' ? hostname() : value))
  .pipe(hostSchema);

/** An address to listen on. */
export const listenAddress = z.string().transform((value, context): ListenAddress => {
  const address = parseListenAddress(value);
  if (address) return address;
  context.addIssue({ code: 'custom', message: 'must be ADDRESS:PORT, such as 127.0.0.1:9464' });
  return z.NEVER;
});

/** Certificates in PEM. */
export const certificates = z.string().refine((pem) => {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}, 'must begin with a certificate in PEM');

/** A private key that signs records. No message shows any part of it. */
export const signingKey = z.string().transform((pem, context): SigningKey => {
  const key = readSigningKey(pem);
  if (key) return key;
  context.addIssue({
    code: 'custom',
    message: 'must be an Ed25519 private key in PEM; create one with `openssl genpkey -algorithm ed25519`',
  });
  return z.NEVER;
});

/** Encryption keys with different IDs. No message shows any part of a key. */
export const encryptionKeys = z.string().transform((value, context): readonly EncryptionKey[] => {
  const keys = value
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(encryptionKey);
  const problem = problemWith(keys);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  return keys.filter((key) => key !== undefined);
});

function problemWith(keys: readonly (EncryptionKey | undefined)[]): string | undefined {
  if (keys.length === 0) return 'must contain a key';
  if (keys.includes(undefined))
    return 'must contain keys as ID:KEY, where KEY is 32 bytes in base64; create one with `openssl rand -base64 32`';
  const ids = keys.map((key) => key?.id);
  const duplicate = ids.find((id, index) => ids.indexOf(id) < index);
  return duplicate === undefined ? undefined : `must not contain two keys with the ID "${duplicate}"`;
}

function encryptionKey(value: string): EncryptionKey | undefined {
  const [, id, encoded] = /^([\w.-]{1,64}):([A-Za-z0-9+/]{43}=)$/.exec(value) ?? [];
  return id && encoded ? { id, key: createSecretKey(encoded, 'base64') } : undefined;
}
