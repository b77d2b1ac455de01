import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { UploadError } from '../contract/errors.js';
import type { JsonObject } from '../contract/json.js';
import { tryParseJson } from '../contract/parse-json.js';
import type { ResultsPackage } from '../contract/results.js';
import type { ReadTimeouts } from '../files/read-timeouts.js';
import { quote } from '../util/quote.js';
import { hasConfiguration } from './configuration.js';
import { type PackageFile, PackageZip } from './zip.js';

/** What a package must contain. */
export interface Expectation {
  readonly executionId: string;
  readonly fileName: string;
  /** SHA-256 of the uploaded file, in hex. */
  readonly sha256: string;
  /** Configuration that was sent. Default: not known */
  readonly configuration?: JsonObject | undefined;
}

/** Receives the bytes of one file of a package. */
export interface FileSink {
  write(bytes: Buffer): Promise<void>;
  /** Called after the last byte. */
  end(): Promise<void>;
  /** Called last, also after an error. */
  close(): Promise<void>;
}

/** Options of {@link inspectPackage}. */
export interface InspectOptions extends ReadTimeouts {
  /** Receives the files of the package. Default: they are only checked */
  readonly sinkFor?: ((file: PackageFile) => Promise<FileSink>) | undefined;
}

type Verified = Pick<ResultsPackage, 'inputVerified' | 'configurationVerified'>;

/** Longest configuration, and longest execution ID, that are read from a package. */
const MAX_TEXT_BYTES = 8 * 1024 ** 2;
const CONFIGURATION = 'inputs/config.json';
const EXECUTION_ID = 'outputs/execution-id.txt';

/**
 * Reads a whole package, and checks that it is intact, safe, and has the results of the execution.
 *
 * @param handle the open zip file
 * @throws {@link UploadError} `RESULTS_DAMAGED`, `RESULTS_UNSAFE`, `RESULTS_MISMATCHED`, `RESULTS_UNWRITABLE`
 * @throws what a sink throws, or the signal's reason if aborted
 */
export async function inspectPackage(
  handle: FileHandle,
  expected: Expectation,
  { sinkFor, ...timeouts }: InspectOptions,
): Promise<Verified> {
  const { executionId, fileName, configuration, sha256 } = expected;
  const zip = await PackageZip.open(handle, executionId, sinkFor !== undefined, timeouts);
  const input = `inputs/${fileName}`.normalize('NFC');
  const verified = { inputVerified: false, configurationVerified: false };
  for (const file of zip.files) {
    const name = file.name.normalize('NFC');
    const isText = (name === CONFIGURATION || name === EXECUTION_ID) && file.sizeBytes <= MAX_TEXT_BYTES;
    const chunks: Buffer[] = [];
    const hash = name === input ? createHash('sha256') : undefined;
    await readFile(zip, file, { sinkFor, ...timeouts }, (chunk) => {
      hash?.update(chunk);
      if (isText) chunks.push(chunk);
    });
    if (hash) {
      const found = hash.digest('hex');
      if (found !== sha256)
        throw mismatched(
          executionId,
          `the file ${quote(fileName)} with SHA-256 ${found} instead of ${sha256}`,
        );
      verified.inputVerified = true;
    }
    if (!isText) continue;
    const text = Buffer.concat(chunks).toString('utf8');
    if (name === EXECUTION_ID && !isSameId(text, executionId))
      throw mismatched(executionId, `the execution ID ${quote(text.trim().slice(0, 100))}`);
    if (name === CONFIGURATION)
      verified.configurationVerified = isConfirmed(executionId, text, configuration);
  }
  return verified;
}

async function readFile(
  zip: PackageZip,
  file: PackageFile,
  { sinkFor, ...timeouts }: InspectOptions,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  const sink = await sinkFor?.(file);
  try {
    for await (const chunk of zip.read(file, timeouts)) {
      onChunk(chunk);
      await sink?.write(chunk);
    }
    await sink?.end();
  } finally {
    await sink?.close();
  }
}

/** The file may hold a part of the ID, or more than the ID. */
function isSameId(text: string, executionId: string): boolean {
  const found = text.trim();
  return found === '' || found.includes(executionId) || executionId.includes(found);
}

function isConfirmed(executionId: string, text: string, sent: JsonObject | undefined): boolean {
  const found = tryParseJson(text);
  if (found === undefined || sent === undefined || Object.keys(sent).length === 0) return false;
  if (hasConfiguration(found, sent)) return true;
  throw mismatched(executionId, 'another configuration than the one that was sent');
}

const mismatched = (executionId: string, what: string) =>
  new UploadError(
    'RESULTS_MISMATCHED',
    `The package with the results of execution ${executionId} has ${what}`,
  );
