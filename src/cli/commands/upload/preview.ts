import pMap, { pMapSkip } from 'p-map';
import { type FileJob, namesOfJobs, requestForFileJob } from '../../../client/file-job.js';
import type { UploadClient, UploadPreview, UploadRequestInput } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import { count } from '../../../util/units.js';
import { formatError, MAX_LINES, printNote } from '../../output/errors.js';
import { analysesText, summaryLines } from '../../output/preview-text.js';
import { printToStderr } from '../../output/terminal.js';

/** Returns the upload request of a job, for which a local file is read. */
export type ReadRequest = (job: FileJob) => Promise<UploadRequestInput>;

/** Returns a function that reads each file once, and remembers its request. */
export function readOnce(): ReadRequest {
  const requests = new Map<FileJob, Promise<UploadRequestInput>>();
  return (job) => {
    const request = requests.get(job) ?? requestForFileJob(job);
    requests.set(job, request);
    return request;
  };
}

const CONCURRENCY = 20;

/** Reads the requests of jobs. Files that cannot be read are left out, as their uploads report them. */
export const requestsOf = (jobs: readonly FileJob[], read: ReadRequest): Promise<UploadRequestInput[]> =>
  pMap(jobs, (job) => read(job).catch((): typeof pMapSkip => pMapSkip), { concurrency: CONCURRENCY });

/**
 * Prints on stderr which analyses of these jobs are new and which were paid before. Files that cannot be read are left out.
 *
 * @returns the previews; `undefined` if some are not known
 */
export async function printPreview(
  client: UploadClient,
  jobs: readonly FileJob[],
  read: ReadRequest,
): Promise<readonly UploadPreview[] | undefined> {
  const isLong = jobs.length > MAX_LINES;
  if (isLong) printToStderr(`Checking what Aplos already has of ${count(jobs.length, 'file')}.`);
  const names = namesOfJobs(jobs);
  const readable: { name: string; request: UploadRequestInput }[] = await pMap(
    jobs,
    async (job, index) => {
      try {
        return { name: names[index] ?? '', request: await read(job) };
      } catch {
        return pMapSkip;
      }
    },
    { concurrency: CONCURRENCY },
  );
  const previews = await previewsOf(
    client,
    readable.map(({ request }) => request),
  );
  const lines = previews.map(
    ({ fileName, analyses }, index) => `${readable[index]?.name}: ${analysesText(fileName, analyses)}`,
  );
  const summary = summaryLines(previews.flatMap(({ analyses }) => analyses));
  printToStderr(...(isLong ? [] : lines), ...summary);
  return previews.length === readable.length ? previews : undefined;
}

/** Returns a preview for each request, in order. If the workers cannot tell, it prints a warning, and returns `undefined`. */
export async function completePreviews(
  client: UploadClient,
  requests: readonly UploadRequestInput[],
): Promise<readonly UploadPreview[] | undefined> {
  const previews = await previewsOf(client, requests);
  return previews.length === requests.length ? previews : undefined;
}

/**
 * Returns a preview for each request, in order. If the workers cannot tell, it prints a warning, and returns the previews before
 * that.
 *
 * @throws UploadError `PROFILE_UNKNOWN`
 */
export async function previewsOf(
  client: UploadClient,
  requests: readonly UploadRequestInput[],
): Promise<UploadPreview[]> {
  const previews: UploadPreview[] = [];
  try {
    for await (const preview of client.preview(requests)) previews.push(preview);
  } catch (error) {
    if (!(error instanceof UploadError) || error.code === 'PROFILE_UNKNOWN') throw error;
    printNote(`Cannot tell which analyses were paid before. ${formatError(error)}`);
  }
  return previews;
}
