import { executeChild, ParentClosePolicy } from '@temporalio/workflow';

/** Uploads one file of a study, and returns the IDs of its executions. */
export async function analyseStudy(request: { source: string; expect: { sha256: string } }) {
  const receipt: { executions: { executionId: string }[] } = await executeChild('uploadAnalysisFile', {
    taskQueue: 'aplos-upload',
    workflowId: `pk:${request.expect.sha256.slice(0, 20)}`,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    parentClosePolicy: ParentClosePolicy.ABANDON, // let the upload finish even if the parent ends
    args: [request],
  });
  return receipt.executions.map(({ executionId }) => executionId);
}
