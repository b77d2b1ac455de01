import { createNexusServiceClient } from '@temporalio/workflow';
import { aplosUploadService } from 'aplos-upload-worker/nexus'; // or 'aplos-upload-client/nexus'

const aplosUpload = createNexusServiceClient({ service: aplosUploadService, endpoint: 'aplos-upload' });

/** Uploads a file in the namespace of the workers, and returns the IDs of its executions. */
export async function analyse(request: { source: string; expect: { sha256: string } }) {
  const receipt = await aplosUpload.executeOperation('upload', request);
  return receipt.executions.map(({ executionId }) => executionId);
}
