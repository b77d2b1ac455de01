import { userInfo } from 'node:os';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { requestForFile, type UploadRequestInput } from '../../client.js';
import type { JsonObject, JsonValue } from '../../contract/json.js';
import type { ExecutionRequest } from '../../contract/request.js';
import { parseUploadRequest } from '../../contract/request.js';
import { shownSource } from '../../contract/source.js';
import { type FileHost, hostFor } from '../../files/host-of-files.js';
import { readConfiguration, readJson } from '../../files/json-file.js';
import { openSource } from '../../files/source.js';
import { BadInputError, formatErrorFor } from '../output/errors.js';
import { filesAt, isUrl } from './files.js';
import { type ManifestEntry, readManifest } from './manifest.js';
import { collectProblem, valuesOrThrow } from './problems.js';

/** What is asked for on the command line. */
export interface JobOptions {
  readonly config?: readonly string[];
  readonly meta?: string;
  readonly manifest?: string;
  readonly profile: string;
  readonly batch?: string;
  readonly host?: string;
}

/** A file to upload, and what to ask for it. Where only one host has the file, the request names it. */
export interface Job {
  /** As the command's caller wrote it: a path, or a URL that only the worker reads. */
  readonly place: string;
  readonly request: Omit<UploadRequestInput, 'source' | 'expect'>;
}

/**
 * Finds out what the command line asks for, and checks all of it, so that nothing is started by halves. Files
 * are looked at, not read.
 *
 * @param files which of them are on one host only
 * @throws BadInputError with every problem found
 */
export async function readJobs(
  places: readonly string[],
  options: JobOptions,
  files: FileHost,
): Promise<Job[]> {
  const entries = options.manifest
    ? await fromManifest(places, options, options.manifest)
    : await fromPlaces(places, options);
  const jobs = [];
  for (const { place, executions } of entries) {
    jobs.push(
      await collectProblem(
        () => checkJob(jobFor(place, executions, options), fileHostFor(options, files)),
        (error) => formatErrorFor(shownFile({ place }), error),
      ),
    );
  }
  return valuesOrThrow(jobs);
}

/** Which files are on one host only: all, where the command names the host. */
export const fileHostFor = ({ host }: Pick<JobOptions, 'host'>, files: FileHost): FileHost =>
  host === undefined ? files : { host, sharedRoots: [] };

/** The job that uploads a file and starts these executions of it. */
export function jobFor(
  place: string,
  executions: readonly ExecutionRequest[],
  { profile, batch }: Pick<JobOptions, 'profile' | 'batch'>,
): Job {
  const request = { profile, executions: [...executions], requestedBy: userName() };
  return { place, request: batch === undefined ? request : { ...request, batch } };
}

/** Makes a job's request. A file is read for it, so that the worker can tell whether it still is the same. */
export async function requestForJob({ place, request }: Job): Promise<UploadRequestInput> {
  return isUrl(place) ? { ...request, source: place } : requestForFile(place, request);
}

/** What messages call a job's file. */
export const shownFile = ({ place }: Pick<Job, 'place'>): string =>
  isUrl(place) ? shownSource(place) : place;

function fromManifest(
  places: readonly string[],
  { config, meta }: JobOptions,
  manifest: string,
): Promise<ManifestEntry[]> {
  if (places.length > 0 || config || meta)
    throw new BadInputError(['--manifest names the files and configurations itself: give it alone']);
  return readManifest(manifest);
}

async function fromPlaces(places: readonly string[], options: JobOptions): Promise<ManifestEntry[]> {
  if (places.length === 0)
    throw new BadInputError(['No file is named. Name files, folders or globs; or a --manifest.']);
  if (!options.config?.length)
    throw new BadInputError([
      "required option '--config <file>' not specified: the configuration of the execution to start",
    ]);
  const executions = await executionsOf(options);
  return (await filesAt(places)).map((place) => ({ place, executions }));
}

/**
 * The executions that `--config` and `--meta` ask for, of each file.
 *
 * @throws BadInputError with every problem found
 */
export async function executionsOf({
  config = [],
  meta,
}: Pick<JobOptions, 'config' | 'meta'>): Promise<ExecutionRequest[]> {
  const metaData = await collectProblem(() => readMetaData(meta));
  const configurations = await Promise.all(
    config.map((path) => collectProblem(() => readConfiguration(path, `--config ${path}`))),
  );
  valuesOrThrow<unknown>([metaData, ...configurations]);
  const [metaDataOfAll] = valuesOrThrow([metaData]);
  return valuesOrThrow(configurations).map((configuration, index) =>
    executionOf(config[index] ?? '', configuration, metaDataOfAll),
  );
}

/** What `--meta` names. Throws as {@link readJson}. */
export const readMetaData = async (meta: string | undefined): Promise<JsonValue | undefined> =>
  meta === undefined ? undefined : readJson(meta, `--meta ${meta}`);

/** The execution that a configuration's file asks for, labelled with its name. */
export const executionOf = (
  path: string,
  configuration: JsonObject,
  metaData: JsonValue | undefined,
): ExecutionRequest => ({
  label: basename(path, extname(path)),
  configuration,
  ...(metaData === undefined ? {} : { metaData }),
});

/**
 * Checks a job without reading its file, and finds out which host has it.
 *
 * @param files which are on one host only
 * @throws UploadError of the request or the file
 */
export async function checkJob({ place, request }: Job, files: FileHost): Promise<Job> {
  const source = isUrl(place) ? place : pathToFileURL(resolve(place)).href;
  const { host } = parseUploadRequest({ ...request, source, host: await hostFor(source, files) });
  if (!isUrl(place)) await (await openSource(source, basename(place))).close();
  return { place, request: host === undefined ? request : { ...request, host } };
}

/** Who runs this command, as far as the system knows. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
