import { priorityFor } from '../contract/priority.js';
import type { StartedExecution } from '../contract/receipt.js';
import type { ExecutionRequest, UploadRequest } from '../contract/request.js';
import type { ResultsDestination, ResultsPackage } from '../contract/results.js';
import { isOnHost, resultsLocation } from '../contract/results-location.js';
import type { Timed } from '../contract/steps.js';
import { fetchResults, summaries } from './activities.js';
import { type HostVisibility, sharedFileHost } from './host-worker.js';

/** The upload that results belong to. */
export interface ResultsOwner
  extends Pick<UploadRequest, 'profile' | 'fileName'>,
    Partial<Pick<UploadRequest, 'batch'>> {
  /** SHA-256 of the uploaded file, in hex. */
  readonly sha256: string;
}

/** One execution whose results are wanted. */
export interface FinishedExecution extends Pick<StartedExecution, 'label' | 'executionId'> {
  /** Configuration that was sent. Default: not known */
  readonly configuration?: ExecutionRequest['configuration'] | undefined;
}

/** Fetches the results of one execution to one destination. */
export type FetchPackage = (
  execution: FinishedExecution,
  destination: ResultsDestination,
) => Promise<Timed<ResultsPackage>>;

/**
 * Returns a function that fetches the results of executions of one upload. What two executions have in common is fetched once:
 * several labels can stand for one execution.
 *
 * @param onlyIfDone whether an execution that is at work is an error at once
 */
export function packageFetcher(
  { profile, batch, fileName, sha256 }: ResultsOwner,
  visibility: HostVisibility,
  onlyIfDone = false,
): FetchPackage {
  const hosts = new Map<string | undefined, ReturnType<typeof sharedFileHost>>();
  const onHost = (host: string | undefined) => {
    const existing = hosts.get(host);
    const run =
      existing ?? sharedFileHost({ host, fileName }, visibility, `The results of ${fileName} go to`);
    hosts.set(host, run);
    return run;
  };
  const inProgress = new Map<string, Promise<Timed<ResultsPackage>>>();
  return ({ label, executionId, configuration }, { results, unpackResults, host }) => {
    const location = resultsLocation(results, { profile, batch, fileName, label, executionId });
    const key = `${executionId} ${location} ${unpackResults === true}`;
    const isLocal = isOnHost(results);
    const options = {
      summary: summaries.fetchResults({ fileName, host: isLocal ? host : undefined }, label),
      priority: priorityFor({ profile, batch }).started,
    };
    const input = {
      profile,
      ...(batch === undefined ? {} : { batch }),
      ...(isLocal && host !== undefined ? { host } : {}),
      fileName,
      sha256,
      label,
      executionId,
      ...(configuration === undefined ? {} : { configuration }),
      results,
      ...(unpackResults === undefined ? {} : { unpackResults }),
      ...(onlyIfDone ? { onlyIfDone } : {}),
    };
    const fetch = (queue: { taskQueue?: string } = {}) =>
      fetchResults.executeWithOptions({ ...options, ...queue }, [input]);
    const fetching = inProgress.get(key) ?? onHost(isLocal ? host : undefined)(fetch);
    inProgress.set(key, fetching);
    return fetching;
  };
}
