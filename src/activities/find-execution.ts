import { setTimeout as sleep } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import type { AplosApi, ExecutionRecord } from '../aplos/api.js';
import { counts, type ExecutionList, type Listing } from '../aplos/execution-list.js';
import { isGone } from '../aplos/is-gone.js';
import { UploadError } from '../contract/errors.js';
import { elapsedMs, now } from '../util/clock.js';

/** How an execution is searched for. */
export interface Search {
  readonly fileName: string;
  readonly trackingId: string;
  /** File that the execution would analyse. Default: unknown */
  readonly fileId?: string | undefined;
  /** How long the execution may still take to appear in the list, in milliseconds. 0 or less: one look is enough. */
  readonly settleMs: number;
  /** How old the list may be if one look is enough, in milliseconds. */
  readonly maxAgeMs: number;
  readonly listLagMs: number;
  /** Executions whose presence proves that a list shows everything that was started before. Default: none */
  readonly provenBy?: readonly string[];
}

const MAX_FIRST_PAUSE_MS = 500;
/** A list that lags further behind than it should is read for so many times the list lag, in case it catches up. */
const MAX_LAGS = 4;

/**
 * Searches Aplos's list for an execution, again and again until it would have appeared. Only the last look proves
 * that there is none, so only the last one has to succeed.
 *
 * @throws {@link UploadError} `START_UNSETTLED` if the list cannot tell
 */
export async function findExecution(
  list: ExecutionList,
  search: Search,
): Promise<ExecutionRecord | undefined> {
  const { fileName, trackingId, settleMs, maxAgeMs, listLagMs } = search;
  const isInDoubt = settleMs > 0;
  const maxExtraMs = MAX_LAGS * listLagMs;
  const began = now();
  let extraMs = 0;
  for (let pauseMs = Math.min(MAX_FIRST_PAUSE_MS, listLagMs / 8); ; pauseMs *= 2) {
    const searchedMs = elapsedMs(began);
    const isLast = searchedMs >= settleMs + extraMs;
    const listing = await list.read(isInDoubt ? 0 : maxAgeMs).catch((error: unknown) => {
      if (!isLast && error instanceof UploadError) return undefined;
      throw isFinal(error) ? unsettled(fileName, trackingId, error.happened) : error;
    });
    const found = listing?.find(trackingId);
    if (found) return found;
    if (listing && isProven(listing, search)) return undefined;
    if (isInDoubt && listing) extraMs = extraFor(listing.lagMs, listLagMs);
    const restMs = settleMs + extraMs - elapsedMs(began);
    if (listing && isLast && (restMs <= 0 || !isInDoubt) && extraMs <= maxExtraMs) {
      assertHasMarks(listing, search);
      if (isInDoubt) assertNoneUnknown(listing, search);
      return undefined;
    }
    // A look that began earlier proves nothing, even if the worker was suspended since.
    if (searchedMs > settleMs + maxExtraMs)
      throw unsettled(fileName, trackingId, 'the list of executions lacks some that Aplos has acknowledged');
    await sleep(Math.max(1, Math.min(pauseMs, restMs)), undefined, { signal: cancellationSignal() });
  }
}

function isProven(listing: Listing, search: Search): boolean {
  const { provenBy = [] } = search;
  if (provenBy.length === 0) return false;
  // What is remembered says nothing about how current the list is.
  const current = listing.records.filter(({ isRemembered }) => !isRemembered);
  const shown = new Set(current.map(({ executionId }) => executionId));
  if (!provenBy.every((executionId) => shown.has(executionId))) return false;
  assertHasMarks(listing, search);
  return true;
}

/**
 * Returns how much longer a list is read that lags further behind than it should. The lag was observed between two looks, and
 * the next execution may take longer, so that twice as long is allowed for it.
 */
const extraFor = (lagMs: number, listLagMs: number): number =>
  lagMs > listLagMs ? 2 * lagMs - listLagMs : 0;

/** Reports whether Aplos refuses the list for good. A login or a subscription that fails says nothing about the list. */
const isFinal = (error: unknown): error is UploadError =>
  error instanceof UploadError && error.remedy === 'final' && !/^(LOGIN|SUBSCRIPTION)_/.test(error.code);

/**
 * Returns a found execution as Aplos reports it now, if its record may be outdated.
 *
 * @returns `undefined` if Aplos no longer has the execution, or has rejected it
 */
export async function asReportedNow(
  api: AplosApi,
  record: ExecutionRecord | undefined,
): Promise<ExecutionRecord | undefined> {
  if (!record?.isRemembered) return record;
  try {
    const { status, errors } = await api.execution(record.executionId, cancellationSignal());
    return counts({ status }) ? { ...record, status, errors } : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/**
 * After a doubt the list must show metadata or names, in which the identity of the work is stored. Before a first start it must at
 * least say that there are none.
 */
function assertHasMarks({ records }: Listing, { fileName, trackingId, settleMs }: Search): void {
  const isTold = ({ hasMarks }: ExecutionRecord) =>
    settleMs > 0 ? hasMarks === true : hasMarks !== undefined;
  if (records.length > 0 && !records.some(isTold))
    throw unsettled(fileName, trackingId, 'Aplos lists executions without their metadata or names');
}

/** An execution of the file that carries no identity may be the one that is searched for. */
function assertNoneUnknown({ records }: Listing, { fileName, trackingId, fileId }: Search): void {
  const unknown = records.find(
    (record) =>
      fileId !== undefined && record.fileId === fileId && record.work === undefined && counts(record),
  );
  if (unknown)
    throw unsettled(
      fileName,
      trackingId,
      `Aplos lists execution ${unknown.executionId} of this file without its tracking id`,
    );
}

/** Returns the error for a start of which nobody can tell whether it took effect. */
export const unsettled = (fileName: string, trackingId: string, why: string): UploadError =>
  new UploadError(
    'START_UNSETTLED',
    `It is unknown whether an execution of ${fileName} was started: ${why}. Its tracking id is ${trackingId}`,
  );
