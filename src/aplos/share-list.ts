import { SharedCall } from '../util/shared-call.js';
import type { AplosApi } from './api.js';

/** Wraps an API so that simultaneous requests for the list of executions share one call: each returns the whole list. */
export function shareList(api: AplosApi): AplosApi {
  const list = new SharedCall(() => api.listExecutions());
  return {
    presignUpload: api.presignUpload.bind(api),
    fileState: api.fileState.bind(api),
    startExecution: api.startExecution.bind(api),
    listExecutions: () => list.call(),
    execution: api.execution.bind(api),
  };
}
