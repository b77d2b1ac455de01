import type { UploadActivities } from '../contract/steps.js';
import { checkRequest } from './checkRequest.js';
import { confirmUpload } from './confirmUpload.js';
import type { ActivityDependencies } from './dependencies.js';
import { coded } from './failures.js';
import { heartbeating } from './heartbeats.js';
import { lookForWorker } from './lookForWorker.js';
import { presignUpload } from './presignUpload.js';
import { withRawInput } from './raw-input.js';
import { startExecution } from './startExecution.js';
import { timed } from './timed.js';
import { uploadFile } from './uploadFile.js';

/** Puts the activities together with what they need. */
export function createActivities(dependencies: ActivityDependencies): UploadActivities {
  return {
    checkRequest: withRawInput(coded(checkRequest)),
    lookForWorker: lookForWorker(dependencies),
    presignUpload: coded(timed(heartbeating(presignUpload(dependencies)))),
    uploadFile: coded(timed(uploadFile(dependencies))),
    confirmUpload: coded(timed(heartbeating(confirmUpload(dependencies)))),
    startExecution: coded(timed(heartbeating(startExecution(dependencies)))),
  };
}
