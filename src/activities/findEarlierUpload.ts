import { cancellationSignal } from '@temporalio/activity';
import { z } from 'zod';
import type { ExecutionRecord } from '../aplos/api.js';
import { counts } from '../aplos/execution-list.js';
import { trackingIdFor } from '../contract/analysis-id.js';
import { executionLabel } from '../contract/names.js';
import type { Receipt, StartedExecution } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import { shownSource } from '../contract/source.js';
import type { EarlierUpload } from '../contract/steps.js';
import type { ActivityDependencies } from './dependencies.js';
import { callMayNotExist, fileStateIfOffered } from './file-state.js';

/** How old the list of executions may be, in milliseconds. Many uploads that are repeated together share one call. */
const LIST_AGE_MS = 2_000;

/**
 * Finds out whether the run that a request repeats did its work, and Aplos still has all of it: each execution or, if there are
 * none, the file.
 */
export const findEarlierUpload =
  (dependencies: ActivityDependencies) =>
  async ({ request }: { request: UploadRequest }): Promise<EarlierUpload> => {
    const receipt = await receiptOf(dependencies, request);
    if (!receipt) return {};
    if (request.executions.length === 0) return findFile(dependencies, receipt);
    const executions = await Promise.all(
      request.executions.map((_, index) => findExecution(dependencies, request, index, receipt)),
    );
    const found = executions.flatMap((execution) => execution ?? []);
    return found.length === executions.length ? { receipt: { ...receipt, executions: found } } : {};
  };

/** Returns the receipt of the run to repeat, if it is about the file of the request. Anybody may have named that run. */
async function receiptOf(
  { readReceipt }: ActivityDependencies,
  { repeatOf, profile, fileName, source, host, expect }: UploadRequest,
): Promise<Receipt | undefined> {
  if (repeatOf === undefined) return undefined;
  const { success, data: receipt } = receiptSchema.safeParse(await readReceipt(repeatOf));
  if (!success || receipt.profile !== profile || receipt.fileName !== fileName) return undefined;
  const isSameContent = expect?.sha256
    ? receipt.sha256 === expect.sha256
    : receipt.source === shownSource(source) && receipt.host === host;
  return isSameContent ? receipt : undefined;
}

/** The parts of a receipt that matter here. */
const receiptSchema = z.looseObject({
  runId: z.string(),
  profile: z.string(),
  source: z.string(),
  host: z.string().optional(),
  fileName: z.string(),
  fileId: z.string().optional(),
  sha256: z.string(),
  executions: z.array(z.looseObject({ executionId: z.string(), trackingId: z.string() })),
  steps: z.array(z.looseObject({ step: z.string() })),
}) as unknown as z.ZodType<Receipt>;

async function findExecution(
  { api, executions }: ActivityDependencies,
  { profile, fileName, executions: requested }: UploadRequest,
  index: number,
  { sha256, executions: started }: Receipt,
): Promise<StartedExecution | undefined> {
  const execution = requested[index];
  const trackingId = execution && trackingIdFor({ fileName, sha256, execution });
  const earlier = started.find((each) => each.trackingId === trackingId);
  if (!execution || !earlier) return undefined;
  const isIt = ({ work }: ExecutionRecord) => work?.trackingId === trackingId;
  const listing = await unlessMissing(executions(profile).read(LIST_AGE_MS));
  // The list may lack the newest executions, and remember others that Aplos no longer has.
  const found =
    listing?.records.find((record) => isIt(record) && !record.isRemembered) ??
    (await unlessMissing(api(profile).execution(earlier.executionId, cancellationSignal())));
  if (!found || !isIt(found) || !counts(found)) return undefined;
  const { executionId, status } = found;
  return { ...earlier, label: executionLabel(execution, index), executionId, status, origin: 'found' };
}

/** Returns the response of a call, or `undefined` if Aplos does not offer it or does not know its object. */
const unlessMissing = <Response>(call: Promise<Response>): Promise<Response | undefined> =>
  call.catch((error: unknown) => {
    if (callMayNotExist(error)) return undefined;
    throw error;
  });

async function findFile({ api }: ActivityDependencies, receipt: Receipt): Promise<EarlierUpload> {
  const file = await fileStateIfOffered(api(receipt.profile), receipt, cancellationSignal());
  return file && file.readiness !== 'invalid' ? { receipt: { ...receipt, fileState: file.state } } : {};
}
