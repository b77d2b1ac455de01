import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InlineHasher } from '../../../files/hasher/inline-hasher.js';
import { checkFolder, isRecord } from '../../../records/check-folder.js';
import { readVerificationKeys, type VerificationKey, verificationKeyOf } from '../../../records/keys.js';
import {
  checkFile,
  checkPackage,
  type Finding,
  type MeasuredFile,
  readRecord,
} from '../../../records/read-record.js';
import { loadSettings } from '../../../settings/load.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode } from '../../output/errors.js';
import { print, printJson } from '../../output/terminal.js';

/** Options of `aplos-upload verify`. */
export interface VerifyOptions {
  readonly key?: readonly string[];
  readonly allowUnsigned?: boolean;
  readonly json?: true;
}

/** Paths of what is checked. */
export interface Verified {
  /** Receipt, report, or folder of records. */
  readonly receipt: string;
  readonly file?: string | undefined;
  readonly packages: readonly string[];
}

/** Larger files are no records. A report of 50,000 uploads has 200 MB. */
const MAX_RECORD_BYTES = 512 * 1024 * 1024;

/** Checks a receipt and the files beside it, or a folder of records, and prints what holds. The exit code is 1 if something does not hold. */
export async function verify(
  { receipt: path, file, packages }: Verified,
  { key: keyFiles = [], allowUnsigned = false, json }: VerifyOptions,
): Promise<void> {
  const keys = keyFiles.length > 0 ? (await Promise.all(keyFiles.map(keysIn))).flat() : ownKeys();
  const isFolder = await whileReading(path, async () => (await stat(path)).isDirectory());
  const all = isFolder
    ? checkFolder(await recordsIn(path), keys, { allowUnsigned })
    : await findingsOf({ receipt: path, file, packages }, keys, { allowUnsigned });
  for (const { holds, text } of all) {
    if (json) printJson({ file: path, holds, text });
    else print(`${holds ? out.green('✓') : out.red('✗')} ${text}`);
  }
  if (!all.every(({ holds }) => holds)) process.exitCode = ExitCode.failed;
}

async function findingsOf(
  { receipt: path, file, packages }: Verified,
  keys: readonly VerificationKey[],
  options: { readonly allowUnsigned: boolean },
): Promise<Finding[]> {
  const { findings, receipt } = readRecord(await read(path), keys, options);
  if (!receipt) return [...findings];
  const files = [
    ...(file === undefined ? [] : [checkFile(receipt, await measure(file))]),
    ...(await Promise.all(packages.map(async (each) => checkPackage(receipt, await measure(each))))),
  ];
  return [...findings, ...files];
}

async function recordsIn(folder: string): Promise<Map<string, Buffer>> {
  const names = (await whileReading(folder, () => readdir(folder))).filter(isRecord).sort();
  const records = new Map<string, Buffer>();
  for (const name of names) records.set(name, await read(join(folder, name)));
  return records;
}

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
