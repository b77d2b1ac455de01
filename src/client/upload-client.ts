import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { pMapIterable } from 'p-map';
import { hostTaskQueue, PROGRESS_QUERY } from '../contract/names.js';
import type { Receipt, UploadProgress } from '../contract/receipt.js';
import { parseUploadRequest, type UploadRequest, type UploadRequestInput } from '../contract/request.js';
import { type FileHost, hostFor } from '../files/host-of-files.js';
import { loadSettings } from '../settings/load.js';
import type { Settings } from '../settings/settings.js';
import { asCompleted, type CompletedUpload, type PendingUpload } from './as-completed.js';
import { type ConnectedClient, connectFromEnvironment } from './connect.js';
import { toUploadError, trusted } from './failures.js';
import type { UploadFilter } from './filter.js';
import { listUploads, listUploadsOfContent } from './list-uploads.js';
import { previewUploads, type UploadPreview } from './preview.js';
import { type ReplayOptions, type ReplayOutcome, replayUpload } from './replay.js';
import { startUpload } from './start-upload.js';
import type { StartState } from './states.js';
import { statusOf, type UploadStatus } from './status.js';
import type { UploadSummary } from './summary.js';
import { WorkerAvailability } from './worker-availability.js';
import { workflowIdFor } from './workflow-id.js';

/** An upload that {@link UploadClient.start} started or joined. */
export interface UploadHandle {
  readonly workflowId: string;
  readonly fileName: string;
  /** Size in the request, in bytes. */
  readonly sizeBytes?: number;
  readonly runId: string;
  /** `started` by this call; `running`, `done` or `repeated` if the same work was requested before. */
  readonly state: StartState;
  /**
   * Waits for the receipt, without a time limit.
   *
   * @throws {@link UploadFailedError} if the upload ended without a receipt
   * @throws {@link UploadError} `PAYLOAD_UNREADABLE` if this process lacks the key that the receipt is encrypted with
   */
  result(): Promise<Receipt>;
}

/** Options of {@link UploadClient.connect}. */
export interface UploadClientOptions {
  /** Settings of the client. Default: read from the environment and the settings file */
  readonly settings?: Settings;
  /** Temporal client to use. It must have the same data converter as the workers. Default: a new one */
  readonly client?: Client;
}

/** Maximum number of concurrent calls to Temporal when handling many uploads. */
const CONCURRENCY = 20;

/** Starts uploads, one workflow per file, and monitors, resumes and cancels them. */
export class UploadClient {
  readonly #client: Client;
  readonly #address: string;
  readonly #files: FileHost;
  readonly #workers: WorkerAvailability;
  readonly #close: () => Promise<void>;

  private constructor({ client, address, close }: ConnectedClient, files: FileHost) {
    this.#client = client;
    this.#address = address;
    this.#files = files;
    this.#workers = new WorkerAvailability(client);
    this.#close = close;
  }

  /**
   * Connects to Temporal by its own environment variables. If a tracer is registered with `@opentelemetry/api`, each start
   * creates a span, and the workers continue its trace.
   *
   * @throws {@link UploadError} `SETTINGS_INVALID` or `TEMPORAL_UNREACHABLE`
   */
  static async connect({
    settings = loadSettings(process.env, 'client'),
    client,
  }: UploadClientOptions = {}): Promise<UploadClient> {
    const connected = client
      ? { client, address: 'the address of the given client', close: async () => {} }
      : await connectFromEnvironment(settings);
    return new UploadClient(connected, settings);
  }

  /**
   * Starts an upload. Repeating a call is safe: it joins the same work if that is running, returns the handle of work that
   * is done, and restarts work that failed, without starting a second execution. If the work was done in another batch, a
   * new run returns that receipt for this batch, once it has found that Aplos still has everything. If the settings name
   * this host, it
   * becomes the host of a request for a `file:` that names none, unless the file is on a shared mount.
   *
   * @throws {@link UploadError} `REQUEST_INVALID`, `SEARCH_ATTRIBUTES_MISSING` or `TEMPORAL_UNREACHABLE`
   */
  async start(input: UploadRequestInput): Promise<UploadHandle> {
    const request = await this.#withHost(parseUploadRequest(input));
    const { workflowId, runId, state } = await startUpload(this.#client, this.#address, request);
    const { fileName, expect } = request;
    return {
      workflowId,
      fileName,
      ...(expect?.sizeBytes === undefined ? {} : { sizeBytes: expect.sizeBytes }),
      runId,
      state,
      result: () => this.#resultOf(workflowId, state === 'done' ? runId : undefined),
    };
  }

  /**
   * Starts many uploads concurrently, and yields their handles in order. Requests are read only as needed, so there may be
   * any number of them. Repeating a call is safe, as with {@link start}.
   *
   * @throws {@link UploadError} `REQUEST_INVALID` for the first invalid request; the requests before it are started
   */
  startMany(
    requests: AsyncIterable<UploadRequestInput> | Iterable<UploadRequestInput>,
  ): AsyncIterable<UploadHandle> {
    return pMapIterable(requests, (request) => this.start(request), { concurrency: CONCURRENCY });
  }

  /**
   * Looks up what Aplos already has, and starts nothing: yields a preview for each request, in order, that says which of its
   * analyses are new, and which were paid before. A worker must be running. The answer can change until the upload is
   * started, and every start checks again.
   *
   * @throws {@link UploadError} `REQUEST_INVALID`, `TEMPORAL_UNREACHABLE`, `WORKER_MISSING` if no worker responds within 10
   *   seconds, or the code with which the worker failed, e.g. `PROFILE_UNKNOWN`, or a `LOGIN_…` or `API_…` code
   */
  preview(
    requests: AsyncIterable<UploadRequestInput> | Iterable<UploadRequestInput>,
  ): AsyncIterable<UploadPreview> {
    const connection = { client: this.#client, address: this.#address, workers: this.#workers };
    const parsed = pMapIterable(requests, (input) => this.#withHost(parseUploadRequest(input)), {
      concurrency: CONCURRENCY,
    });
    return previewUploads(connection, parsed);
  }

  /**
   * Waits for many uploads, and yields each one once it is completed, in any order. Each workflow is yielded once.
   *
   * @param uploads for example the result of {@link startMany}
   */
  asCompleted(
    uploads: AsyncIterable<PendingUpload> | Iterable<PendingUpload>,
  ): AsyncIterable<CompletedUpload> {
    return asCompleted(this.#client, uploads);
  }

  /**
   * Returns the status of an upload.
   *
   * @returns `undefined` if the namespace does not have the workflow, or no longer has it
   */
  async status(workflowId: string): Promise<UploadStatus | undefined> {
    const handle = this.#client.workflow.getHandle(workflowId);
    try {
      return await statusOf(this.#client, await handle.describe(), this.#workers);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /**
   * Lists the uploads that match a filter, each with its latest run: an upload that failed and was resumed is not listed as
   * failed. The order is Temporal's: running uploads first, then the most recently completed.
   *
   * @throws {@link UploadError} `REQUEST_INVALID` if Temporal cannot search for a value of the filter
   */
  list(filter: UploadFilter = {}): AsyncIterable<UploadSummary> {
    return listUploads(this.#client, filter, CONCURRENCY);
  }

  /**
   * Lists the uploads of the same content under the same name, whatever their executions and batches, each with its latest
   * run. Uploads of the last seconds may be missing, except the one with the workflow id of the request.
   *
   * @throws {@link UploadError} `REQUEST_INVALID`
   */
  async *listSameContent(input: UploadRequestInput): AsyncGenerator<UploadSummary, void> {
    const request = await this.#withHost(parseUploadRequest(input));
    const own = await this.status(workflowIdFor(request));
    if (own) yield own;
    for await (const upload of listUploadsOfContent(this.#client, request, CONCURRENCY))
      if (upload.workflowId !== own?.workflowId) yield upload;
  }

  /**
   * Resumes uploads that ended without a receipt at the step that failed. Completed steps are kept: a stored file is not
   * sent again, and no execution is started twice. Running and completed uploads are skipped, so repeating a call is safe.
   * Yields the outcome for each upload.
   */
  replay(
    workflowIds: AsyncIterable<string> | Iterable<string>,
    options: ReplayOptions = {},
  ): AsyncIterable<ReplayOutcome> {
    return pMapIterable(workflowIds, (workflowId) => replayUpload(this.#client, workflowId, options), {
      concurrency: CONCURRENCY,
    });
  }

  /** Queries the workflow for its progress. Requires a running worker. */
  async progress(workflowId: string): Promise<UploadProgress | undefined> {
    const workflow = this.#client.workflow.getHandle(workflowId);
    return trusted(await workflow.query<UploadProgress | undefined>(PROGRESS_QUERY), workflowId);
  }

  /**
   * Waits for the receipt of an upload, without a time limit.
   *
   * @throws {@link UploadFailedError} if the upload ended without a receipt
   * @throws {@link UploadError} `PAYLOAD_UNREADABLE` if this process lacks the key that the receipt is encrypted with,
   *   `PAYLOAD_UNTRUSTED` if somebody without the key wrote it
   */
  result(workflowId: string): Promise<Receipt> {
    return this.#resultOf(workflowId);
  }

  /**
   * Reports whether a worker serves a host. A killed worker is noticed after 90 seconds.
   *
   * @param host host name, as in requests
   * @returns `undefined` if Temporal does not support or allow the check
   */
  hostHasWorker(host: string): Promise<boolean | undefined> {
    return this.#workers.hasWorker(hostTaskQueue(host.toLowerCase()));
  }

  /** Requests the cancellation of an upload. Executions that Aplos already started keep running. */
  async cancel(workflowId: string): Promise<void> {
    await this.#client.workflow.getHandle(workflowId).cancel();
  }

  /** Closes the connection, unless the client was passed in. */
  close(): Promise<void> {
    return this.#close();
  }

  /** @param runId completed run. Default: the latest run */
  async #resultOf(workflowId: string, runId?: string): Promise<Receipt> {
    try {
      const receipt = (await this.#client.workflow.getHandle(workflowId, runId).result()) as Receipt;
      return trusted(receipt, workflowId);
    } catch (error) {
      throw toUploadError(error, workflowId);
    }
  }

  async #withHost(request: UploadRequest): Promise<UploadRequest> {
    const host = request.host ?? (await hostFor(request.source, this.#files));
    return host === undefined ? request : { ...request, host };
  }
}
