import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import pMap from 'p-map';
import type { Receipt } from '../contract/receipt.js';
import { queryFor } from './filter.js';
import { summaryOf, type UploadState, type UploadSummary } from './status.js';

/** What is needed of an upload to wait for it. */
export interface PendingUpload {
  readonly workflowId: string;
  readonly fileName: string;
  /** How it stood when it was asked for. */
  readonly state: 'started' | 'running' | 'done';
  result(): Promise<Receipt>;
}

/** An upload that has ended, one way or the other. */
export interface CompletedUpload {
  readonly workflowId: string;
  readonly fileName: string;
  readonly state: Exclude<UploadState, 'running'>;
  /** Of the error table, where it has failed. */
  readonly errorCode?: string;
  /**
   * Fetches the receipt.
   *
   * @throws {@link UploadFailedError} when the upload ended without one
   */
  result(): Promise<Receipt>;
}

const POLL_MS = 1000;
/** So far, at the most, Temporal's list may lag behind without an upload being asked for by name. */
const LIST_LAG_MS = 10_000;
/** So far, at the most, Temporal's clock may be behind ours without an upload being asked for by name. */
const MAX_CLOCK_SKEW_MS = 60 * 60_000;
/** So many of those that were waited for longest are asked for by name each time, in case the list missed one. */
const ASKED_BY_NAME = 20;

/**
 * Yields each upload when it has ended. However many there are, this asks Temporal for one list a second, and
 * holds little more than their ids.
 */
export async function* asCompleted(
  client: Client,
  uploads: AsyncIterable<PendingUpload> | Iterable<PendingUpload>,
): AsyncGenerator<CompletedUpload, void> {
  const open = new Map<string, PendingUpload>();
  const doneBefore: PendingUpload[] = [];
  const closings = new Closings(client);
  const taking = new AbortController();
  const takingIn = (async () => {
    for await (const upload of uploads) {
      if (upload.state === 'done') doneBefore.push(upload);
      else open.set(upload.workflowId, upload);
    }
  })().finally(() => taking.abort());
  takingIn.catch(() => {}); // is awaited once it has ended
  let allAreIn = false;

  do {
    await sleep(POLL_MS, undefined, allAreIn ? {} : { signal: taking.signal }).catch(() => {});
    if (taking.signal.aborted) await takingIn;
    allAreIn = taking.signal.aborted;
    for (const upload of doneBefore.splice(0)) yield endedAs(upload, { state: 'done' });
    for (const { workflowId, state, errorCode } of await closings.among([...open.keys()])) {
      const upload = open.get(workflowId);
      if (upload && state !== 'running')
        yield endedAs(upload, { state, ...(errorCode ? { errorCode } : {}) });
      open.delete(workflowId);
    }
  } while (!allAreIn || open.size + doneBefore.length > 0);
}

const endedAs = (
  upload: PendingUpload,
  how: Pick<CompletedUpload, 'state' | 'errorCode'>,
): CompletedUpload => ({
  workflowId: upload.workflowId,
  fileName: upload.fileName,
  ...how,
  result: () => upload.result(),
});

type Closing = Pick<UploadSummary, 'workflowId' | 'state' | 'errorCode'> & Partial<UploadSummary>;

/** Which uploads have closed since it was last asked. */
class Closings {
  readonly #client: Client;
  /** By Temporal's clock, which need not be ours. */
  #since: Date | undefined;
  #nextAskedByName = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  async among(workflowIds: readonly string[]): Promise<Closing[]> {
    const [first] = workflowIds;
    if (first === undefined) return [];
    this.#since ??= await this.#startOf(first);
    const listed = await this.#listed(new Set(workflowIds));
    const done = listed.filter(({ state }) => state === 'done');
    const unsure = new Set(
      listed.filter(({ state }) => state !== 'done').map(({ workflowId }) => workflowId),
    );
    for (const workflowId of this.#takeTurns(workflowIds)) unsure.add(workflowId);
    const described = await pMap(unsure, (workflowId) => this.#describe(workflowId), {
      concurrency: ASKED_BY_NAME,
    });
    return [...done, ...described.filter(({ state }) => state !== 'running')];
  }

  /** One that was joined may have been running for days: what has closed in those is of no interest. */
  async #startOf(workflowId: string): Promise<Date> {
    const { startedAt } = await this.#describe(workflowId);
    return new Date(Math.max(startedAt?.getTime() ?? 0, Date.now() - MAX_CLOCK_SKEW_MS));
  }

  async #listed(workflowIds: ReadonlySet<string>): Promise<UploadSummary[]> {
    const since = this.#since ?? new Date(0);
    const query = `${queryFor({})} AND ExecutionStatus != 'Running' AND CloseTime >= '${since.toISOString()}'`;
    const found: UploadSummary[] = [];
    let latest = since.getTime();
    for await (const info of this.#client.workflow.list({ query })) {
      latest = Math.max(latest, (info.closeTime?.getTime() ?? 0) - LIST_LAG_MS);
      if (workflowIds.has(info.workflowId)) found.push(summaryOf(info));
    }
    this.#since = new Date(latest);
    return found;
  }

  /** What is no longer running in the list may have been taken up again: only its latest run tells. */
  async #describe(workflowId: string): Promise<Closing> {
    try {
      return summaryOf(await this.#client.workflow.getHandle(workflowId).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { workflowId, state: 'terminated' }; // and deleted
      throw error;
    }
  }

  #takeTurns(workflowIds: readonly string[]): string[] {
    const from = this.#nextAskedByName % workflowIds.length;
    this.#nextAskedByName = from + ASKED_BY_NAME;
    return workflowIds.slice(from, from + ASKED_BY_NAME);
  }
}
