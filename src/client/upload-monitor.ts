import type { Client } from '@temporalio/client';
import { hostTaskQueue } from '../contract/names.js';
import type { Receipt, RunReset, UploadProgress } from '../contract/receipt.js';
import type { ExecutionRequest } from '../contract/request.js';
import { isUnknownRun, uploadUnknown } from '../temporal/errors.js';
import { readResets } from '../temporal/resets.js';
import { asCompleted, type CompletedUpload, type PendingUpload } from './as-completed.js';
import { queryProgress, waitForReceipt } from './failures.js';
import type { UploadFilter } from './filter.js';
import { listAllRuns, listUploads } from './list-uploads.js';
import { CONCURRENCY, type Many } from './many.js';
import type { OutageWaits } from './outages.js';
import type { StoredFile } from './request-for-stored-file.js';
import { readRequest, readSource } from './source.js';
import { readStatus, type UploadStatus } from './status.js';
import { findStoredFile, type StoredFileQuery } from './stored-files.js';
import type { UploadSummary } from './summary.js';
import { WorkerAvailability } from './worker-availability.js';

/** Monitors uploads: reads what Temporal knows about them, and waits for their ends. */
export abstract class UploadMonitor {
  protected readonly client: Client;
  protected readonly workers: WorkerAvailability;
  protected readonly waits: OutageWaits;

  protected constructor(client: Client, waits: OutageWaits) {
    this.client = client;
    this.workers = new WorkerAvailability(client);
    this.waits = waits;
  }

  /** Temporal namespace of the uploads. */
  get namespace(): string {
    return this.client.options.namespace;
  }

  /**
   * Waits for many uploads, e.g. the result of `startMany`, and yields each one once it is completed, in any order. Each
   * workflow is yielded once. During an outage of Temporal, it keeps waiting.
   */
  asCompleted(uploads: Many<PendingUpload>): AsyncIterable<CompletedUpload> {
    return asCompleted(this.client, this.waits, uploads);
  }

  /**
   * Returns the status of an upload.
   *
   * @returns `undefined` if the namespace does not have the workflow, or no longer has it
   */
  status(workflowId: string): Promise<UploadStatus | undefined> {
    return readStatus(this.client, workflowId, this.workers);
  }

  /** Returns the source of an upload, without a URL's signature; `undefined` if the request cannot be read. */
  source(upload: Pick<UploadSummary, 'workflowId' | 'runId'>): Promise<string | undefined> {
    return readSource(this.client, upload);
  }

  /** Returns the analyses that an upload asked for; `undefined` if the request cannot be read. */
  async requestedAnalyses(
    upload: Pick<UploadSummary, 'workflowId' | 'runId'>,
  ): Promise<readonly ExecutionRequest[] | undefined> {
    return (await readRequest(this.client, upload))?.executions;
  }

  /** Returns the resets that led to a run, as Temporal recorded them, the first one first. */
  async resets(run: Pick<UploadSummary, 'workflowId' | 'runId'>): Promise<RunReset[]> {
    try {
      return await readResets(this.client, run);
    } catch (error) {
      throw isUnknownRun(error) ? uploadUnknown(run.workflowId, error) : error;
    }
  }

  /**
   * Lists all runs that match a filter, those included that were resumed since. The order is that of {@link list}.
   *
   * @throws {@link UploadError} `REQUEST_INVALID` if Temporal cannot search for a value of the filter
   */
  listRuns(filter: UploadFilter = {}): AsyncIterable<UploadSummary> {
    return listAllRuns(this.client, filter);
  }

  /**
   * Lists the uploads that match a filter, each with its latest run: an upload that failed and was resumed is not listed as
   * failed. The order is Temporal's: running uploads first, then the most recently completed.
   *
   * @throws {@link UploadError} `REQUEST_INVALID` if Temporal cannot search for a value of the filter
   */
  list(filter: UploadFilter = {}): AsyncIterable<UploadSummary> {
    return listUploads(this.client, filter, CONCURRENCY);
  }

  /** Finds a file at Aplos, for {@link requestForStoredFile}. `undefined` if no run that Temporal still has stored it. */
  findStoredFile(query: StoredFileQuery): Promise<StoredFile | undefined> {
    return findStoredFile(this.client, query);
  }

  /** Queries the workflow for its progress. Requires a running worker. */
  progress(workflowId: string): Promise<UploadProgress | undefined> {
    return queryProgress(this.client, workflowId);
  }

  /**
   * Waits for the receipt of an upload, without a time limit. During an outage of Temporal, it keeps waiting.
   *
   * @throws {@link UploadFailedError} if the upload ended without a receipt
   * @throws {@link UploadError} `PAYLOAD_UNREADABLE` if this process lacks the key that the receipt is encrypted with,
   *   `PAYLOAD_UNTRUSTED` if somebody without the key wrote it
   * @param runId completed run. Default: the latest run
   */
  result(workflowId: string, runId?: string): Promise<Receipt> {
    return this.waits.retry(() => waitForReceipt(this.client, workflowId, runId));
  }

  /**
   * Reports whether a worker serves a host, as requests name it. A killed worker is noticed after 90 seconds.
   *
   * @returns `undefined` if Temporal does not support or allow the check
   */
  hostHasWorker(host: string): Promise<boolean | undefined> {
    return this.workers.hasWorker(hostTaskQueue(host.toLowerCase()));
  }

  /** Reports whether a worker serves new uploads, as {@link hostHasWorker} does for a host. */
  hasWorker(): Promise<boolean | undefined> {
    return this.workers.servesNewUploads();
  }

  /** Ends the waits of other calls for the end of an outage. */
  stopWaiting(): void {
    this.waits.close();
  }

  /** Makes a call that is safe to repeat, such as several calls of this client. During an outage of Temporal, it waits. */
  whenAvailable<Result>(call: () => Promise<Result>): Promise<Result> {
    return this.waits.retry(call);
  }
}
