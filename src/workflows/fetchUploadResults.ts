import { defineWorkflowOptions, isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { FetchOutcome, FetchRequest } from '../contract/fetch-request.js';
import { checkFetchRequest } from './activities.js';
import { workflowFailure } from './failures.js';
import { packageFetcher } from './fetchPackages.js';
import type { HostVisibility } from './host-worker.js';
import { hostHasNoWorkerNote } from './notes.js';
import { undecodedArguments } from './undecoded-arguments.js';

/**
 * Fetches the results of what an earlier upload has started. It uploads and starts nothing: no activity that does belongs to this
 * type of workflow.
 *
 * @param input one `FetchRequest`, undecoded, so that a malformed argument fails the workflow instead of blocking it
 * @returns what became of the results of each execution, in order
 * @throws ApplicationFailure `REQUEST_INVALID`
 */
export async function fetchUploadResults(...input: unknown[]): Promise<readonly FetchOutcome[]> {
  try {
    const request = await checkFetchRequest(input[0], input.length);
    const fetchPackage = packageFetcher(request, hostVisibility(), true);
    return await Promise.all(request.executions.map((execution) => fetchOne(request, execution)));

    async function fetchOne(
      { results, unpackResults, host, fileName }: FetchRequest,
      execution: FetchRequest['executions'][number],
    ): Promise<FetchOutcome> {
      const { label, executionId } = execution;
      try {
        const { ran, ...fetched } = await fetchPackage(execution, { results, unpackResults, host });
        return { label, executionId, package: fetched };
      } catch (error) {
        if (isCancellation(error)) throw error;
        const { type, message } = workflowFailure(error, fileName);
        return { label, executionId, error: { code: type ?? 'INTERNAL', message } };
      }
    }
  } catch (error) {
    if (isCancellation(error)) throw error;
    throw workflowFailure(error, workflowInfo().workflowId);
  }
}

/** Shows in the current details which host has no worker. */
function hostVisibility(): HostVisibility {
  let missingHost: string | undefined;
  return {
    get progress() {
      return { missingHost };
    },
    hostHasNoWorker: (host, nextCheck) => {
      missingHost = host;
      setCurrentDetails(hostHasNoWorkerNote(host, nextCheck));
    },
    hostHasWorker: () => {
      if (missingHost !== undefined) setCurrentDetails('');
      missingHost = undefined;
    },
  };
}

defineWorkflowOptions(fetchUploadResults, { staticOptions: undecodedArguments });
