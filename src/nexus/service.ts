import * as nexus from 'nexus-rpc';
import type { Receipt } from '../contract/receipt.js';
import type { UploadRequestInput } from '../contract/request.js';

/** Name of the Nexus service, for callers without this definition. Its only operation is `upload`. */
export const NEXUS_SERVICE = 'aplos-upload';

/** The Nexus service of the workers, for workflows in other namespaces. Safe for workflow code. */
export const aplosUploadService = nexus.service(NEXUS_SERVICE, {
  /** Uploads a file, starts its executions, and returns the receipt. Repeating it with the same request is safe. */
  upload: nexus.operation<UploadRequestInput, Receipt>(),
});
