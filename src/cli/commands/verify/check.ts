import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { InlineHasher } from '../../../files/hasher/inline-hasher.js';
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
  readonly receipt: string;
  readonly file?: string | undefined;
  readonly packages: readonly string[];
}

/** Larger files are no receipts. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** Checks a receipt, and the files beside it, and prints what holds. The exit code is 1 if something does not hold. */
export async function verify(
  { receipt: path, file, packages }: Verified,
  { key: keyFiles = [], allowUnsigned = false, json }: VerifyOptions,
): Promise<void> {
  const keys = keyFiles.length > 0 ? (await Promise.all(keyFiles.map(keysIn))).flat() : ownKeys();
  const bytes = await read(path, MAX_RECORD_BYTES);
  const { findings, receipt } = readRecord(bytes, keys, { allowUnsigned });
  const all: Finding[] = [...findings];
  if (receipt) {
    if (file !== undefined) all.push(checkFile(receipt, await measure(file)));
    for (const each of packages) all.push(checkPackage(receipt, await measure(each)));
  }
  for (const { holds, text } of all) {
    if (json) printJson({ file: path, holds, text });
    else print(`${holds ? out.green('✓') : out.red('✗')} ${text}`);
  }
  if (!all.every(({ holds }) => holds)) process.exitCode = ExitCode.failed;
}

/** The key that signs on this machine is trusted on this machine. */
function ownKeys(): VerificationKey[] {
  const { signingKey } = loadSettings(process.env, 'client');
  return signingKey ? [verificationKeyOf(signingKey)] : [];
}

async function keysIn(path: string): Promise<VerificationKey[]> {
  const keys = readVerificationKeys((await read(path, MAX_RECORD_BYTES)).toString());
  if (keys.length > 0) return keys;
  throw new BadInputError([
    `${path} contains no Ed25519 public key in PEM. Create it with: openssl pkey -in KEY -pubout`,
  ]);
}

async function read(path: string, maxBytes: number): Promise<Buffer> {
  return whileReading(path, async () => {
    const { size } = await stat(path);
    if (size > maxBytes) throw new BadInputError([`${path} is too large to be a receipt or a key.`]);
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
