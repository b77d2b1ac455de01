import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { UploadError } from '../contract/errors.js';
import { PackageZip } from '../results/zip.js';
import { systemErrorCode } from '../util/system-error.js';
import { type ResultsTable, readResultsTable, TableError } from './results-table.js';

/** File of a package that has the results. */
export const RESULTS_FILE = 'outputs/pk-results.csv';

/** Largest file with results that is read, in bytes. */
const MAX_BYTES = 64 * 1024 ** 2;

/** What a package contains. */
export interface ReadResults {
  /** SHA-256 of the package, in hex. Absent if the package cannot be read. */
  readonly packageSha256?: string;
  /** Absent if there is a problem. */
  readonly results?: ResultsTable;
  /** Why the results cannot be read, as a clause. */
  readonly problem?: string;
}

/** Reads the results in a package. Never throws: a package that cannot be read is a finding. */
export async function readResults(location: string, executionId: string): Promise<ReadResults> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(fileURLToPath(location));
    const packageSha256 = await hashOf(handle);
    return { packageSha256, ...(await resultsIn(handle, executionId)) };
  } catch (error) {
    return { problem: `this machine cannot read ${location} (${systemErrorCode(error)})` };
  } finally {
    await handle?.close();
  }
}

async function hashOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const stream = handle.createReadStream({ start: 0, autoClose: false });
  for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

async function resultsIn(
  handle: FileHandle,
  executionId: string,
): Promise<Pick<ReadResults, 'results' | 'problem'>> {
  try {
    const zip = await PackageZip.open(handle, executionId, false, {});
    const file = zip.files.find(({ name }) => name === RESULTS_FILE);
    if (!file) return { problem: `the package has no ${RESULTS_FILE}` };
    if (file.sizeBytes > MAX_BYTES)
      return { problem: `${RESULTS_FILE} has more than ${MAX_BYTES.toLocaleString('en')} bytes` };
    const chunks: Buffer[] = [];
    for await (const chunk of zip.read(file, {})) chunks.push(chunk);
    return { results: readResultsTable(Buffer.concat(chunks)) };
  } catch (error) {
    if (error instanceof TableError) return { problem: `${RESULTS_FILE} ${error.message}` };
    if (error instanceof UploadError) return { problem: error.happened };
    throw error;
  }
}
