import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import pMap from 'p-map';
import type { Receipt } from '../contract/receipt.js';
import { PollPause } from '../util/poll-pause.js';
import { queryFor } from './filter.js';
import type { OutageWaits } from './outages.js';
import { runsOf, unlessGone } from './runs.js';
import type { CompletedState, StartState } from './states.js';
import { summaryOf, type UploadSummary } from './summary.js';

/** An upload to wait for, e.g. an {@link UploadHandle}. */
export interface PendingUpload {
  readonly workflowId: string;
  readonly fileName: string;
  /** Run that was started or joined. Default: unknown */
  readonly runId?: string;
  /** State when the upload was started or joined. */
  readonly state: StartState;
  result(): Promise<Receipt>;
}

/** An upload that is no longer running. */
export interface CompletedUpload {
  readonly workflowId: string;
  readonly fileName: string;
  /** `unknown` if Temporal does not have the upload any more, so that its result is not known. */
  readonly state: CompletedState | 'unknown';
  /** Error code of a failed upload. */
  readonly errorCode?: string;
  /**
   * Fetches the receipt.
   *
   * @throws {@link UploadFailedError} if the upload ended without a receipt
   */
  result(): Promise<Receipt>;
}

/** A database without a fitting index reads all workflows for each poll. */
const PAUSE = { minMs: 1000, maxMs: 15_000, factor: 9 };
/** Maximum delay of Temporal's list, in milliseconds. An upload that is listed later is found by the direct checks. */
const LIST_LAG_MS = 10_000;
/** Maximum time by which Temporal's clock may be behind this one's, in milliseconds. */
const MAX_CLOCK_SKEW_MS = 60 * 60_000;
/** Number of uploads that each poll checks directly, in rotation, in case the list missed one. */
const DIRECT_CHECKS = 20;

/**
 * Yields each upload once it is completed. Regardless of their number, this lists workflows once a second, less often if that
 * takes Temporal long, and keeps little more than the ids in memory.
 *
 * @param waits makes polls wait for the end of an outage
 */
export async function* asCompleted(
  client: Client,
  waits: OutageWaits,
  uploads: AsyncIterable<PendingUpload> | Iterable<PendingUpload>,
): AsyncGenerator<CompletedUpload, void> {
  const open = new Map<string, PendingUpload>();
  const alreadyDone: PendingUpload[] = [];
  const poller = new CompletionPoller(client);
  const readingEnded = new AbortController();
  const reading = (async () => {
    for await (const upload of uploads) {
      if (upload.state === 'done') alreadyDone.push(upload);
      else open.set(upload.workflowId, upload);
    }
  })().finally(() => readingEnded.abort());
  reading.catch(() => {}); // awaited below, after it ended
  let isReadingDone = false;
  const pause = new PollPause(PAUSE);
  const poll = () => pause.measure(() => poller.poll(open));

  do {
    await sleep(pause.ms, undefined, isReadingDone ? {} : { signal: readingEnded.signal }).catch(() => {});
    if (readingEnded.signal.aborted) await reading;
    isReadingDone = readingEnded.signal.aborted;
    for (const upload of alreadyDone.splice(0)) yield completed(upload, { state: 'done' });
    for (const { workflowId, state, errorCode } of await waits.retry(poll)) {
      const upload = open.get(workflowId);
      if (upload && state !== 'running')
        yield completed(upload, { state, ...(errorCode ? { errorCode } : {}) });
      open.delete(workflowId);
    }
  } while (!isReadingDone || open.size + alreadyDone.length > 0);
}

const completed = (
  upload: PendingUpload,
  outcome: Pick<CompletedUpload, 'state' | 'errorCode'>,
): CompletedUpload => ({
  workflowId: upload.workflowId,
  fileName: upload.fileName,
  ...outcome,
  result: () => upload.result(),
});

type Outcome = Pick<UploadSummary, 'workflowId' | 'errorCode'> &
  Partial<Omit<UploadSummary, 'state'>> & { readonly state: UploadSummary['state'] | 'unknown' };

/** Finds the uploads that completed since the last poll. */
class CompletionPoller {
  readonly #client: Client;
  /** Close time to list from, by Temporal's clock. */
  #since: Date | undefined;
  #nextDirectCheck = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  async poll(open: ReadonlyMap<string, PendingUpload>): Promise<Outcome[]> {
    const workflowIds = [...open.keys()];
    const [first] = workflowIds;
    if (first === undefined) return [];
    this.#since ??= await this.#initialSince(first);
    const listed = await this.#listClosed(open);
    const isDone = ({ workflowId, runId, state }: UploadSummary) =>
      state === 'done' && [undefined, runId].includes(open.get(workflowId)?.runId);
    const done = listed.filter(isDone);
    const uncertain = new Set(listed.filter((each) => !isDone(each)).map(({ workflowId }) => workflowId));
    for (const { workflowId } of done) uncertain.delete(workflowId);
    for (const workflowId of this.#nextDirectChecks(workflowIds)) uncertain.add(workflowId);
    const described = await pMap(uncertain, (workflowId) => this.#describe(workflowId), {
      concurrency: DIRECT_CHECKS,
    });
    return [...done, ...described.filter(({ state }) => state !== 'running')];
  }

  /** Returns the start time of an upload, but a recent time for a joined upload that has been running for days. */
  async #initialSince(workflowId: string): Promise<Date> {
    const { startedAt } = await this.#describe(workflowId);
    return new Date(Math.max(startedAt?.getTime() ?? 0, Date.now() - MAX_CLOCK_SKEW_MS));
  }

  async #listClosed(open: ReadonlyMap<string, PendingUpload>): Promise<UploadSummary[]> {
    const since = this.#since ?? new Date(0);
    const query = `${queryFor({})} AND ExecutionStatus != 'Running' AND CloseTime >= '${since.toISOString()}'`;
    const found: UploadSummary[] = [];
    let latest = since.getTime();
    for await (const info of runsOf(this.#client).list({ query })) {
      latest = Math.max(latest, (info.closeTime?.getTime() ?? 0) - LIST_LAG_MS);
      if (open.has(info.workflowId)) found.push(summaryOf(info));
    }
    this.#since = new Date(latest);
    return found;
  }

  /** Describes the latest run: a run that is listed as closed may have been reset, or repeated in another batch. */
  async #describe(workflowId: string): Promise<Outcome> {
    const description = await unlessGone(runsOf(this.#client).getHandle(workflowId).describe());
    return description ? summaryOf(description) : { workflowId, state: 'unknown' };
  }

  #nextDirectChecks(workflowIds: readonly string[]): string[] {
    const from = this.#nextDirectCheck % workflowIds.length;
    this.#nextDirectCheck = from + DIRECT_CHECKS;
    return workflowIds.slice(from, from + DIRECT_CHECKS);
  }
}
