import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distance } from 'fastest-levenshtein';
import { UploadError } from '../contract/errors.js';
import { type Extension, extensionOf } from '../contract/extension.js';
import type { JsonValue } from '../contract/json.js';
import {
  type ExecutionRequest,
  fileNameProblem,
  parseUploadRequest,
  type UploadRequestInput,
} from '../contract/request.js';
import type { Sections } from '../contract/sections.js';
import { shownSource } from '../contract/source.js';
import { type FileHost, hostForUpload } from '../files/host-of-files.js';
import { isListed } from '../files/listing.js';
import { openSource } from '../files/source.js';
import { deadLink } from '../files/walk-problems.js';
import { distinctPaths } from '../util/distinct-paths.js';
import { isUrl } from '../util/is-url.js';
import { quote } from '../util/quote.js';
import { userName } from '../util/user-name.js';
import { requestForFile } from './request-for-file.js';
import { requestForStoredFile, type StoredFile } from './request-for-stored-file.js';

/** A file to upload, and its upload request without the fields that require reading the file. */
export interface FileJob {
  /** Path or URL, as the user wrote it. Only the worker reads URLs. */
  readonly location: string;
  /** Names a host if only that host has the file. */
  readonly request: Omit<UploadRequestInput, 'source' | 'expect'>;
  /** SHA-256 that the file must have, in lower-case hex digits. Default: that which a local file has now */
  readonly sha256?: string;
  /** The file at Aplos, if it is not to be uploaded. Default: it is uploaded */
  readonly stored?: StoredFile;
}

/** Fields that all jobs of one command share. */
export interface FileJobOptions extends Extension {
  /** Aplos account, by its name in the worker's settings. */
  readonly profile: string;
  /** Batch name. Default: none. */
  readonly batch?: string;
  /** URL to which the end of each upload and of the batch is reported. Default: that of the account's settings. */
  readonly webhook?: string;
}

/** Returns the job that uploads a file and starts the executions, requested by the user of this process. */
export function createFileJob(
  location: string,
  executions: readonly ExecutionRequest[],
  { profile, batch, webhook, sha256, ...options }: FileJobOptions & Pick<FileJob, 'sha256'>,
): FileJob {
  return {
    location,
    request: {
      profile,
      executions: [...executions],
      requestedBy: userName(),
      ...extensionOf(options),
      ...(batch === undefined ? {} : { batch }),
      ...(webhook === undefined ? {} : { webhook }),
    },
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/**
 * Checks a job without reading the content of its file, and returns it with the host that has the file.
 *
 * @param files which files only one host has
 * @throws UploadError if the request is invalid or the file cannot be opened
 */
export async function checkFileJob(job: FileJob, files: FileHost): Promise<FileJob> {
  const { location, request } = job;
  const source = isUrl(location) ? location : pathToFileURL(resolve(location)).href;
  if (!isUrl(location)) await assertName(location);
  const { host } = parseUploadRequest({
    ...request,
    source,
    host: await hostForUpload({ source, results: request.results }, files),
  });
  if (!isUrl(location)) await checkFile(resolve(location), source);
  return host === undefined ? job : { ...job, request: { ...request, host } };
}

async function assertName(location: string): Promise<void> {
  const path = resolve(location);
  const problem = fileNameProblem(basename(path));
  if (problem === undefined) return;
  if (WINDOWS_PATH.test(location) && !(await isListed(path).catch(() => false)))
    throw new UploadError(
      'FILE_NOT_FOUND',
      `${quote(location)} is a path of Windows, and this system is another`,
      {
        action: 'Name the path at which this machine has the file, such as /mnt/share/pk.csv.',
      },
    );
  throw new UploadError('FILE_NAME_INVALID', `The name of the file ${quote(path)} ${problem}`);
}

/** A drive letter or a network share. A manifest's path is below the folder of the manifest. */
const WINDOWS_PATH = /(^|\/)([A-Za-z]:\\|\\\\)[^/]*$/;

async function checkFile(path: string, source: string): Promise<void> {
  try {
    await (await openSource(source, basename(path))).close();
  } catch (error) {
    const isMissing = error instanceof UploadError && error.code === 'FILE_NOT_FOUND';
    if (isMissing && (await isListed(path).catch(() => false)))
      throw (await deadLink(path, error.cause)).error;
    const similar = isMissing ? await similarPath(path) : undefined;
    if (similar !== undefined && error instanceof UploadError)
      throw new UploadError('FILE_NOT_FOUND', `${error.happened} (did you mean ${quote(similar)}?)`, {
        cause: error,
      });
    throw error;
  }
}

const MAX_TYPOS = 2;

/** Returns a file or folder next to a path whose name is nearly the same. */
async function similarPath(path: string): Promise<string | undefined> {
  const name = basename(path).toLowerCase();
  const others = await readdir(dirname(path)).catch((): string[] => []);
  const similar = others.find(
    (other) => distance(other.toLowerCase(), name) <= Math.min(MAX_TYPOS, name.length / 3),
  );
  return similar === undefined ? undefined : join(dirname(path), similar);
}

/**
 * Returns the upload request of a job. Reads a local file once, so that the worker can detect changes.
 *
 * @throws UploadError `FILE_NOT_AS_EXPECTED` if a local file does not have the SHA-256 of the job
 */
export async function requestForFileJob(job: FileJob): Promise<UploadRequestInput> {
  const { location, request, sha256, stored } = job;
  if (stored) return requestForStoredFile(stored, request);
  if (isUrl(location))
    return { ...request, source: location, ...(sha256 === undefined ? {} : { expect: { sha256 } }) };
  const complete = await requestForFile(location, request);
  const found = complete.expect?.sha256;
  if (sha256 !== undefined && found !== sha256)
    throw new UploadError(
      'FILE_NOT_AS_EXPECTED',
      `${location} has the SHA-256 ${found}, but ${sha256} is expected`,
    );
  return complete;
}

/** Returns the path or URL of a job's file for messages, without secrets in URLs. */
export const displayLocation = ({ location }: Pick<FileJob, 'location'>): string =>
  isUrl(location) ? shownSource(location) : location;

/** Returns a name for each job: that of its file, with as much of its path as tells it from the others. */
export const namesOfJobs = (jobs: readonly FileJob[]): string[] => distinctPaths(jobs.map(displayLocation));

/**
 * Returns the execution request for a configuration that was read from a file. Its label is the name of that file.
 *
 * @param metaData metadata that is given separately. Default: that in the file
 * @throws UploadError `REQUEST_INVALID` if both are given
 */
export function executionFromFile(
  path: string,
  sections: Sections,
  metaData: JsonValue | undefined,
): ExecutionRequest {
  if (metaData !== undefined && sections.metaData !== undefined)
    throw new UploadError('REQUEST_INVALID', `${path} has metadata, and other metadata is given as well`, {
      action: 'Remove one of them.',
    });
  return {
    label: basename(path, extname(path)),
    ...sections,
    ...(metaData === undefined ? {} : { metaData }),
  };
}
