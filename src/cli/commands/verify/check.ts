import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type Archive, MAX_RECORD_BYTES } from '../../../archive/archive.js';
import { openArchive } from '../../../archive/open-archive.js';
import { readAll } from '../../../archive/read-all.js';
import { InlineHasher } from '../../../files/hasher/inline-hasher.js';
import { s3Access } from '../../../files/s3-source.js';
import { tlsOptions } from '../../../http/dispatcher.js';
import { storageLocationFrom } from '../../../http/storage-location.js';
import { checkFolder, isRecord } from '../../../records/check-folder.js';
import { readVerificationKeys, type VerificationKey, verificationKeyOf } from '../../../records/keys.js';
import {
  checkFile,
  checkPackage,
  type Finding,
  fails,
  type MeasuredFile,
  readRecord,
} from '../../../records/read-record.js';
import { loadSettings } from '../../../settings/load.js';
import { isUrl } from '../../../util/is-url.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode } from '../../output/errors.js';
import { print, printJson } from '../../output/terminal.js';

/** Options of `aplos-upload verify`. */
export interface VerifyOptions {
  readonly key?: readonly string[];
  /** Report of a batch whose records are in a folder that has other records as well. Default: the reports in the folder */
  readonly report?: string;
  readonly allowUnsigned?: boolean;
  readonly json?: true;
}

/** Paths of what is checked. */
export interface Verified {
  /** Record, or folder or prefix of S3 with records. */
  readonly receipt: string;
  readonly file?: string | undefined;
  readonly packages: readonly string[];
}

/** Checks a receipt and the files beside it, or a folder of records, and prints what holds. The exit code is 1 if something does not hold. */
export async function verify(
  { receipt: path, file, packages }: Verified,
  { key: keyFiles = [], report, allowUnsigned = false, json }: VerifyOptions,
): Promise<void> {
  const keys = keyFiles.length > 0 ? (await Promise.all(keyFiles.map(keysIn))).flat() : ownKeys();
  const records = await openRecords(path);
  if (report !== undefined && !records.archive)
    throw new BadInputError([
      `--report needs a folder or a prefix of S3 with records, but ${path} is a file.`,
    ]);
  const reports = report === undefined ? {} : { reports: new Map([[basename(report), await read(report)]]) };
  const all = records.archive
    ? checkFolder(await recordsIn(records.archive), keys, { allowUnsigned, ...reports })
    : await findingsOf(records.bytes, { file, packages }, keys, { allowUnsigned });
  for (const { holds, text } of all) {
    if (json) printJson({ file: path, holds, text });
    else print(`${holds ? out.green('✓') : out.red('✗')} ${text}`);
  }
  if (!all.every(({ holds }) => holds)) process.exitCode = ExitCode.failed;
}

async function findingsOf(
  bytes: Buffer,
  { file, packages }: Pick<Verified, 'file' | 'packages'>,
  keys: readonly VerificationKey[],
  options: { readonly allowUnsigned: boolean },
): Promise<Finding[]> {
  const { findings, receipt } = readRecord(bytes, keys, options);
  const compared = [...(file === undefined ? [] : [file]), ...packages];
  if (!receipt)
    return [...findings, ...compared.map((each) => fails(`${each} cannot be compared: ${NO_RECEIPT}`))];
  const files = [
    ...(file === undefined ? [] : [checkFile(receipt, await measure(file))]),
    ...(await Promise.all(packages.map(async (each) => checkPackage(receipt, await measure(each))))),
  ];
  return [...findings, ...files];
}

const NO_RECEIPT = 'the record is no receipt that holds.';

/** Opens one record, or a folder or prefix of S3 that has many. */
async function openRecords(
  path: string,
): Promise<{ readonly archive: Archive } | { readonly archive?: undefined; readonly bytes: Buffer }> {
  if (!isUrl(path)) {
    const isFolder = await whileReading(path, async () => (await stat(path)).isDirectory());
    const location = { text: path, path: resolve(path) };
    return isFolder ? { archive: openArchive(location, s3Access()) } : { bytes: await read(path) };
  }
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const location = storageLocationFrom(isRecord(name) ? path.slice(0, slash) : path);
  if (!location) throw new BadInputError([`${path} is neither a path nor s3://BUCKET/PREFIX/.`]);
  const archive = openArchive(location, s3Access(tlsOptions(loadSettings(process.env, 'client').extraCa)));
  if (!isRecord(name)) return { archive };
  const bytes = await archive.read(name);
  if (!bytes) throw new BadInputError([`Cannot read ${path}: there is no such object.`]);
  return { bytes };
}

const recordsIn = async (archive: Archive): Promise<Map<string, Buffer>> =>
  readAll(archive, (await archive.names()).filter(isRecord));

/** The key that signs on this machine is trusted on this machine. */
function ownKeys(): VerificationKey[] {
  const { signingKey } = loadSettings(process.env, 'client');
  return signingKey ? [verificationKeyOf(signingKey)] : [];
}

async function keysIn(path: string): Promise<VerificationKey[]> {
  const keys = readVerificationKeys((await read(path)).toString());
  if (keys.length > 0) return keys;
  throw new BadInputError([
    `${path} contains no Ed25519 public key in PEM. Create it with: openssl pkey -in KEY -pubout`,
  ]);
}

async function read(path: string): Promise<Buffer> {
  return whileReading(path, async () => {
    const { size } = await stat(path);
    if (size > MAX_RECORD_BYTES) throw new BadInputError([`${path} is too large to be a record or a key.`]);
    return readFile(path);
  });
}

async function measure(path: string): Promise<MeasuredFile> {
  return whileReading(path, async () => {
    const hasher = new InlineHasher(['md5', 'sha256']);
    let sizeBytes = 0;
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hasher.update(chunk);
      sizeBytes += chunk.length;
    }
    return { name: path, sizeBytes, ...(await hasher.digest()) };
  });
}

async function whileReading<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    throw new BadInputError([`Cannot read ${path}: ${(error as Error).message}`]);
  }
}
