import { userInfo } from 'node:os';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { requestForFile, type UploadRequestInput } from '../client.js';
import type { ExecutionRequest } from '../contract/request.js';
import { parseUploadRequest } from '../contract/request.js';
import { openSource } from '../files/source.js';
import { BadInputError, inOneLineAbout } from './exit.js';
import { filesAt } from './files.js';
import { readConfiguration, readJson } from './json-file.js';
import { type ManifestEntry, readManifest } from './manifest.js';
import { allOf, attempt } from './problems.js';

/** What is asked for on the command line. */
export interface JobOptions {
  readonly config?: readonly string[];
  readonly meta?: string;
  readonly manifest?: string;
  readonly profile: string;
  readonly batch?: string;
}

/** A file to upload, and what to ask for it. */
export interface Job {
  /** As the command's caller wrote it. */
  readonly path: string;
  readonly request: Omit<UploadRequestInput, 'source' | 'expect'>;
}

/**
 * Finds out what the command line asks for, and checks all of it, so that nothing is started by halves. Files
 * are looked at, not read.
 *
 * @throws BadInputError with every problem found
 */
export async function readJobs(places: readonly string[], options: JobOptions): Promise<Job[]> {
  const { profile, batch } = options;
  const entries = options.manifest
    ? await fromManifest(places, options, options.manifest)
    : await fromPlaces(places, options);
  const requestedBy = userName();
  const jobs = [];
  for (const { path, executions } of entries) {
    const request = {
      profile,
      executions: [...executions],
      requestedBy,
      ...(batch === undefined ? {} : { batch }),
    };
    jobs.push(
      await attempt(
        () => checked({ path, request }),
        (error) => inOneLineAbout(basename(path), error),
      ),
    );
  }
  return allOf(jobs);
}

/** Reads a job's file, so that the worker can tell whether it still is the same. */
export const requestOf = ({ path, request }: Job): Promise<UploadRequestInput> =>
  requestForFile(path, request);

function fromManifest(
  places: readonly string[],
  { config, meta }: JobOptions,
  manifest: string,
): Promise<ManifestEntry[]> {
  if (places.length > 0 || config || meta)
    throw new BadInputError(['--manifest names the files and configurations itself: give it alone']);
  return readManifest(manifest);
}

async function fromPlaces(
  places: readonly string[],
  { config = [], meta }: JobOptions,
): Promise<ManifestEntry[]> {
  if (places.length === 0)
    throw new BadInputError(['No file is named. Name files, folders or globs; or a --manifest.']);
  if (config.length === 0)
    throw new BadInputError([
      "required option '--config <file>' not specified: the configuration of the execution to start",
    ]);
  const metaData = meta === undefined ? [] : [await attempt(() => readJson(meta, `--meta ${meta}`))];
  const configurations = await Promise.all(
    config.map((path) => attempt(() => readConfiguration(path, `--config ${path}`))),
  );
  allOf<unknown>([...metaData, ...configurations]);
  const [metaDataOfAll] = allOf(metaData);
  const executions = allOf(configurations).map((configuration, index): ExecutionRequest => {
    const path = config[index] ?? '';
    return {
      label: basename(path, extname(path)),
      configuration,
      ...(metaDataOfAll === undefined ? {} : { metaData: metaDataOfAll }),
    };
  });
  return (await filesAt(places)).map((path) => ({ path, executions }));
}

async function checked(job: Job): Promise<Job> {
  const source = pathToFileURL(resolve(job.path)).href;
  const file = await openSource(source, basename(job.path));
  await file.close();
  parseUploadRequest({ ...job.request, source });
  return job;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
