import type { AllActivities } from '../contract/activities.js';
import { awaitBatch } from './awaitBatch.js';
import { awaitExecution } from './awaitExecution.js';
import { cancelExecution } from './cancelExecution.js';
import { checkCancellation } from './checkCancellation.js';
import { checkFetchRequest } from './checkFetchRequest.js';
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
import { reportIfFailing } from './report-failing.js';
import { sendBatchWebhook } from './sendBatchWebhook.js';
import { sendWebhook } from './sendWebhook.js';
import { startExecution } from './startExecution.js';
import { withTiming } from './timing.js';
import { uploadFile } from './uploadFile.js';
import { watchBatches } from './watchBatches.js';
import { writeRecord } from './writeRecord.js';

/** Creates the activities of the workflows. */
export function createActivities(dependencies: ActivityDependencies): AllActivities {
  const step = <Input, Result>(activity: (input: Input) => Promise<Result>) =>
    withErrorCodes(withTiming(activity), (failure, input) =>
      reportIfFailing(failure, input, dependencies.reportFailing),
    );
  return {
    checkRequest: withRawInput(withErrorCodes(checkRequest(dependencies))),
    checkFetchRequest: withRawInput(withErrorCodes(checkFetchRequest)),
    lookForWorker: lookForWorker(dependencies),
    findEarlierUpload: step(withHeartbeats(findEarlierUpload(dependencies))),
    presignUpload: step(withHeartbeats(presignUpload(dependencies))),
    uploadFile: step(uploadFile(dependencies)),
    confirmUpload: step(withHeartbeats(confirmUpload(dependencies))),
    confirmStoredFile: step(withHeartbeats(confirmStoredFile(dependencies))),
    checkCancellation: withRawInput(withErrorCodes(checkCancellation)),
    cancelExecution: withErrorCodes(cancelExecution(dependencies)),
    findAnalyses: withRawInput(withErrorCodes(withHeartbeats(findAnalyses(dependencies)))),
    readSubscription: withRawInput(withErrorCodes(withHeartbeats(readSubscription(dependencies)))),
    sendWebhook: withRawInput(withErrorCodes(sendWebhook(dependencies))),
    watchBatches: withRawInput(withErrorCodes(watchBatches(dependencies))),
    awaitBatch: withRawInput(withErrorCodes(awaitBatch(dependencies))),
    sendBatchWebhook: withRawInput(withErrorCodes(sendBatchWebhook(dependencies))),
    fetchResults: step(fetchResults(dependencies)),
    startExecution: step(startExecution(dependencies)),
    awaitExecution: step(awaitExecution(dependencies)),
    writeRecord: step(withHeartbeats(writeRecord(dependencies))),
  };
}
