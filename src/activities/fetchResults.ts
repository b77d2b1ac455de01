import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { UploadError } from '../contract/errors.js';
import type { FetchHeartbeat, FetchInput, ResultsPackage } from '../contract/results.js';
import { resultsLocation } from '../contract/results-location.js';
import { fetchPackage } from '../results/fetch-package.js';
import { assertOnThisHost } from './assert-on-this-host.js';
import type { ActivityDependencies } from './dependencies.js';
import { heartbeatDuring } from './heartbeats.js';

/** Downloads the results of an execution, checks them, and stores them. Heartbeats the number of bytes received. */
export const fetchResults =
  ({ api, dispatcher, host, results, s3Targets, idleTimeoutMs }: ActivityDependencies) =>
  async (input: FetchInput): Promise<ResultsPackage> => {
    const {
      profile,
      label,
      executionId,
      fileName,
      sha256,
      configuration,
      unpackResults: unpack = false,
    } = input;
    const location = resultsLocation(input.results, input);
    assertOnThisHost(input, host, `The results of ${fileName} go to`);
    const aplos = api(profile);
    let progress: FetchHeartbeat | undefined;
    return heartbeatDuring(
      () =>
        fetchPackage({ executionId, fileName, sha256, configuration, location, unpack }, results, {
          origin: {
            executionId,
            requestLink: (signal) =>
              aplos.resultsLink(executionId, signal).catch((error: unknown) => {
                throw input.onlyIfDone === true ? finalIfPending(error) : error;
              }),
            dispatcher,
            hosts: s3Targets.hosts,
          },
          owner: `${activityInfo().workflowExecution?.workflowId ?? ''}/${label}`,
          signal: cancellationSignal(),
          idleTimeoutMs,
          onProgress: (bytesReceived, totalBytes) => {
            progress = { bytesReceived, totalBytes };
          },
        }),
      () => progress,
    );
  };

function finalIfPending(error: unknown): unknown {
  if (!(error instanceof UploadError) || error.details?.isPending !== true) return error;
  return new UploadError('RESULTS_UNAVAILABLE', error.happened, {
    details: error.details,
    final: true,
    action: 'Fetch the results once the execution has ended.',
  });
}
