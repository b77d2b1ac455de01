import {
  checkFileJob,
  createFileJob,
  displayLocation,
  executionFromFile,
  type FileJob,
  type FileJobOptions,
} from '../../client/file-job.js';
import { errorTable, UploadError } from '../../contract/errors.js';
import type { JsonValue } from '../../contract/json.js';
import type { ExecutionRequest } from '../../contract/request.js';
import type { FileHost } from '../../files/host-of-files.js';
import { readConfiguration, readJson } from '../../files/json-file.js';
import { BadInputError, formatErrorFor, printSkipped, SKIP_HINT } from '../output/errors.js';
import { problemRecord } from '../output/records.js';
import { filesFrom } from './files.js';
import { type LineProblem, type Manifest, type ManifestEntry, readManifest } from './manifest.js';
import { collectProblem, valuesOrThrow } from './problems.js';

/** Options with which commands describe uploads. */
export interface JobOptions extends FileJobOptions {
  readonly config?: readonly string[];
  readonly meta?: string;
  readonly manifest?: string;
  /** SHA-256 that the only file must have. Default: any */
  readonly sha256?: string;
  /** Reason to run all analyses again. Default: they are not. */
  readonly again?: string;
  readonly host?: string;
  /** True if files and folders that cannot be read are left out. Default: they are problems. */
  readonly skipUnreadable?: boolean;
}

/**
 * Reads and checks everything that the command line names, so that a command starts all uploads or none. Does not read
 * the content of data files.
 *
 * @param files which files only one host has
 * @throws BadInputError with every problem found
 */
export async function readJobs(
  locations: readonly string[],
  options: JobOptions,
  files: FileHost,
): Promise<FileJob[]> {
  const { entries, problems: lineProblems } = options.manifest
    ? await entriesFromManifest(locations, options, options.manifest)
    : { entries: await entriesFromArguments(locations, options), problems: [] };
  const jobs: FileJob[] = [];
  const problems: LineProblem[] = [...lineProblems];
  const records = lineProblems.map(({ where, error }) => problemRecord('not-started', where, error));
  let isAnyUnreadable = false;
  for (const { location, executions, sha256, where, line = 0 } of entries) {
    const job = createFileJob(location, withReason(executions, options), {
      ...options,
      ...(sha256 === undefined ? {} : { sha256 }),
    });
    try {
      jobs.push(await checkFileJob(job, fileHostFrom(options, files)));
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      const { isUnreadable } = errorTable[error.code];
      const problem = formatErrorFor(displayLocation({ location }), error, where);
      if (isUnreadable && options.skipUnreadable) printSkipped(problem);
      else {
        problems.push({ line, problem });
        records.push(problemRecord('not-started', displayLocation({ location }), error));
      }
      isAnyUnreadable ||= isUnreadable;
    }
  }
  if (problems.length === 0 && jobs.length === 0)
    problems.push({ line: 0, problem: 'None of the files can be read.' });
  if (problems.length > 0)
    throw new BadInputError(
      problems.sort((one, other) => one.line - other.line).map(({ problem }) => problem),
      isAnyUnreadable && !options.skipUnreadable ? SKIP_HINT : [],
      records,
    );
  return jobs;
}

/** A file to upload. Only the rows of a manifest have a line. */
type Entry = Pick<ManifestEntry, 'location' | 'executions' | 'sha256'> & Partial<ManifestEntry>;

/** Adds the reason of `--again` to all executions. */
export const withReason = (
  executions: readonly ExecutionRequest[],
  { again }: Pick<JobOptions, 'again'>,
): readonly ExecutionRequest[] =>
  again === undefined ? executions : executions.map((execution) => ({ ...execution, again }));

/** Returns which files only one host has: every file if `--host` names a host, otherwise as the settings say. */
export const fileHostFrom = ({ host }: Pick<JobOptions, 'host'>, settings: FileHost): FileHost =>
  host === undefined ? settings : { host, sharedRoots: [] };

function entriesFromManifest(
  locations: readonly string[],
  { config, meta, sha256 }: JobOptions,
  manifest: string,
): Promise<Manifest> {
  if (locations.length > 0 || config || meta || sha256)
    throw new BadInputError([
      'The manifest already names files and configurations. Remove --manifest, or the files, --config, --meta and --sha256.',
    ]);
  return readManifest(manifest);
}

async function entriesFromArguments(locations: readonly string[], options: JobOptions): Promise<Entry[]> {
  if (locations.length === 0)
    throw new BadInputError(['No files are given. Name files, folders or globs, or add --manifest FILE.']);
  if (!options.config?.length)
    throw new BadInputError([
      'No configuration is given for the executions. Add --config FILE, once per execution.',
    ]);
  const executions = await readExecutions(options);
  const files = await filesFrom(locations, options);
  const { sha256 } = options;
  if (sha256 !== undefined && files.length > 1)
    throw new BadInputError([
      `--sha256 is that of one file, but ${files.length} files are given. Name one file, or write a manifest with a column sha256.`,
    ]);
  return files.map((location) => ({ location, executions, ...(sha256 === undefined ? {} : { sha256 }) }));
}

/**
 * Reads the executions that `--config` and `--meta` describe.
 *
 * @throws BadInputError with every problem found
 */
export async function readExecutions({
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
    executionFromFile(config[index] ?? '', configuration, metaDataOfAll),
  );
}

/** Reads the file that `--meta` names. Throws as {@link readJson}. */
export const readMetaData = async (meta: string | undefined): Promise<JsonValue | undefined> =>
  meta === undefined ? undefined : readJson(meta, `--meta ${meta}`);
