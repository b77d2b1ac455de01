import pMap from 'p-map';
import type { UploadClient, UploadRequest, UploadSummary } from '../client.js';
import type { KnownExecution } from '../contract/preview.js';

/** Upload or executions of the content of a file under its name, whatever the analyses that it was started with. */
export type KnownWork =
  | { readonly upload: UploadSummary }
  | { readonly executions: readonly [KnownExecution, ...KnownExecution[]] };

const CONCURRENCY = 8;

/**
 * Asks Temporal, and for what Temporal does not know, Aplos.
 *
 * @returns what is known of each request, in order; `undefined` if it was never started, as far as either knows
 * @throws UploadError if Temporal or Aplos cannot tell
 */
export async function findKnownWork(
  client: UploadClient,
  requests: readonly UploadRequest[],
): Promise<(KnownWork | undefined)[]> {
  const uploads = await pMap(requests, (request) => uploadOf(client, request), { concurrency: CONCURRENCY });
  const unknown = requests.filter((_, index) => !uploads[index]);
  const executions = new Map<UploadRequest, KnownWork>();
  let index = 0;
  for await (const { analyses } of client.preview(unknown)) {
    const request = unknown[index++];
    const [first, ...others] = analyses.flatMap(({ execution, sameFile = [] }) => [
      ...(execution ? [execution] : []),
      ...sameFile,
    ]);
    if (request && first) executions.set(request, { executions: [first, ...others] });
  }
  return requests.map((request, position) => {
    const upload = uploads[position];
    return upload ? { upload } : executions.get(request);
  });
}

/** Returns an upload of the content: a running one if there is one, otherwise the one with the same analyses. */
async function uploadOf(client: UploadClient, request: UploadRequest): Promise<UploadSummary | undefined> {
  let first: UploadSummary | undefined;
  for await (const upload of client.listSameContent(request)) {
    if (upload.state === 'running') return upload;
    first ??= upload;
  }
  return first;
}
