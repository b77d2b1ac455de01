import type { AllActivities } from '../contract/activities.js';
import { awaitExecution } from './awaitExecution.js';
import { checkRequest } from './checkRequest.js';
import { confirmStoredFile } from './confirmStoredFile.js';
import { confirmUpload } from './confirmUpload.js';
import type { ActivityDependencies } from './dependencies.js';
import { withErrorCodes } from './failures.js';
import { fetchResults } from './fetchResults.js';
import { findAnalyses } from './findAnalyses.js';
import { findEarlierUpload } from './findEarlierUpload.js';
import { withHeartbeats } from './heartbeats.js';
import { lookForWorker } from './lookForWorker.js';
import { presignUpload } from './presignUpload.js';
import { withRawInput } from './raw-input.js';
import { readSubscription } from './readSubscription.js';
import { startExecution } from './startExecution.js';
import { withTiming } from './timing.js';
import { uploadFile } from './uploadFile.js';

/** Creates the activities of the workflows. */
export function createActivities(dependencies: ActivityDependencies): AllActivities {
  return {
    checkRequest: withRawInput(withErrorCodes(checkRequest)),
    lookForWorker: lookForWorker(dependencies),
    findEarlierUpload: withErrorCodes(withTiming(withHeartbeats(findEarlierUpload(dependencies)))),
    presignUpload: withErrorCodes(withTiming(withHeartbeats(presignUpload(dependencies)))),
    uploadFile: withErrorCodes(withTiming(uploadFile(dependencies))),
    confirmUpload: withErrorCodes(withTiming(withHeartbeats(confirmUpload(dependencies)))),
    confirmStoredFile: withErrorCodes(withTiming(withHeartbeats(confirmStoredFile(dependencies)))),
    findAnalyses: withRawInput(withErrorCodes(findAnalyses(dependencies))),
    readSubscription: withRawInput(withErrorCodes(readSubscription(dependencies))),
    fetchResults: withErrorCodes(withTiming(fetchResults(dependencies))),
    startExecution: withErrorCodes(withTiming(startExecution(dependencies))),
    awaitExecution: withErrorCodes(withTiming(awaitExecution(dependencies))),
  };
}
