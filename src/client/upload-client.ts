import { pMapIterable } from 'p-map';
import { parseUploadRequest, type UploadRequest, type UploadRequestInput } from '../contract/request.js';
import type { Subscription } from '../contract/subscription.js';
import { workflowIdFor } from '../contract/workflow-id.js';
import { type FileHost, hostForUpload } from '../files/host-of-files.js';
import { loadSettings } from '../settings/load.js';
import { temporalError } from '../temporal/errors.js';
import { withUploadErrors } from '../temporal/with-upload-errors.js';
import { askForAnalyses, askForSubscription } from './ask-worker.js';
import { type CancelOptions, type CancelOutcome, cancelUpload, cancelUploads } from './cancel.js';
import { type ConnectedClient, connectFromSettings } from './connect.js';
import { listUploadsOfContent } from './list-uploads.js';
import { CONCURRENCY, type Many } from './many.js';
import { OutageWaits } from './outages.js';
import { previewUploads, type UploadPreview } from './preview.js';
import { type ReplayOptions, type ReplayOutcome, replayUploads } from './replay.js';
import { fetchResults, type ResultsOptions, type ResultsOutcome } from './results.js';
import { SearchAttributeCheck } from './search-attribute-check.js';
import { startUpload } from './start-upload.js';
import type { UploadSummary } from './summary.js';
import type { UploadClientOptions } from './upload-client-options.js';
import { type UploadHandle, uploadHandle } from './upload-handle.js';
import { UploadMonitor } from './upload-monitor.js';

/**
 * Starts uploads, one workflow per file, and monitors, resumes and cancels them. Its methods throw only {@link UploadError}s.
 */
export class UploadClient extends UploadMonitor {
  readonly #files: FileHost;
  readonly #attributes: SearchAttributeCheck;
  readonly #close: () => Promise<void>;

  private constructor({ client, close }: ConnectedClient, files: FileHost, waits: OutageWaits) {
    super(client, waits);
    this.#files = files;
    this.#attributes = new SearchAttributeCheck(client);
    this.#close = close;
  }

  /**
   * Connects to the Temporal server that the settings name. If a tracer is registered with `@opentelemetry/api`, each start
   * creates a span, and the workers continue its trace.
   *
   * @throws {@link UploadError} `SETTINGS_INVALID`, `TEMPORAL_UNREACHABLE` or `TEMPORAL_ACCESS_DENIED`
   */
  static async connect({
    settings = loadSettings(process.env, 'client'),
    client,
    outageLimitMs: limitMs,
    onOutage,
  }: UploadClientOptions = {}): Promise<UploadClient> {
    const connected = client
      ? { client, address: 'the address of the given client', close: async () => {} }
      : await connectFromSettings(settings);
    const { address } = connected;
    const { workflow, options } = connected.client;
    const translate = (error: unknown) => temporalError(error, { address, namespace: options.namespace });
    const waits = new OutageWaits({ limitMs, onOutage, workflow, translate });
    return withUploadErrors(new UploadClient(connected, settings, waits), translate);
  }

  /**
   * Starts an upload. Repeating a call is safe: it joins the same work if that is running, returns the handle of work that
   * is done, and restarts work that failed, without starting a second execution. If the work was done in another batch, a
   * new run returns that receipt for this batch, once it has found that Aplos still has everything. If the settings name
   * this host, it becomes the host of a request for a `file:` that names none, unless the file is on a shared mount.
   *
   * @throws {@link UploadError} `REQUEST_INVALID`, `SEARCH_ATTRIBUTES_MISSING`, `SEARCH_ATTRIBUTES_MISMATCHED`,
   *   `NAMESPACE_UNKNOWN` or a `TEMPORAL_…` code. After `TEMPORAL_UNREACHABLE`, the upload may have started
   */
  async start(input: UploadRequestInput): Promise<UploadHandle> {
    const request = await this.#withHost(parseUploadRequest(input));
    await this.#attributes.assertUsable();
    const started = await startUpload(this.client, request);
    return uploadHandle(request, started, (workflowId, runId) => this.result(workflowId, runId));
  }

  /**
   * Starts many uploads concurrently, and yields their handles in order. Requests are read only as needed, so there may be
   * any number of them. Repeating a call is safe, as with {@link start}. During an outage of Temporal, it waits.
   *
   * @throws {@link UploadError} `REQUEST_INVALID` for the first invalid request; the requests before it are started.
   *   Otherwise as {@link start}
   */
  startMany(requests: Many<UploadRequestInput>): AsyncIterable<UploadHandle> {
    const start = (request: UploadRequestInput) => this.waits.retry(() => this.start(request));
    return pMapIterable(requests, start, { concurrency: CONCURRENCY });
  }

  /**
   * Looks up what Aplos already has, and starts nothing: yields a preview for each request, in order, that says which of its
   * analyses are new, and which were paid before. A worker must be running. The answer can change until the upload is
   * started, and every start checks again.
   *
   * @throws {@link UploadError} `REQUEST_INVALID`, `TEMPORAL_UNREACHABLE`, `WORKER_MISSING` if no worker responds within 10
   *   seconds, or the code with which the worker failed, e.g. `PROFILE_UNKNOWN`, or a `LOGIN_…` or `API_…` code
   */
  preview(requests: Many<UploadRequestInput>): AsyncIterable<UploadPreview> {
    const parsed = pMapIterable(requests, (input) => this.#withHost(parseUploadRequest(input)), {
      concurrency: CONCURRENCY,
    });
    return previewUploads(this.#workerConnection, parsed);
  }

  /**
   * Returns what Aplos reports about the subscription of a profile, e.g. how many executions are left. A worker must be running.
   *
   * @param profile Aplos account, by its name in the worker's settings. Default: `default`
   * @throws {@link UploadError} as {@link preview}
   */
  subscription(profile = 'default'): Promise<Subscription> {
    return askForSubscription(this.#workerConnection, { profile });
  }

  get #workerConnection() {
    return { client: this.client, workers: this.workers };
  }

  /** Throws {@link UploadError} `PROFILE_UNKNOWN` if the worker that responds lacks an Aplos profile; otherwise as {@link preview}. */
  async assertProfile(profile: string): Promise<void> {
    await askForAnalyses(this.#workerConnection, { profile, analyses: [] });
  }

  /**
   * Lists the uploads of the same content under the same name, whatever their executions and batches, each with its latest
   * run. Uploads of the last seconds may be missing, except the one with the workflow id of the request.
   *
   * @throws {@link UploadError} `REQUEST_INVALID` or `SEARCH_ATTRIBUTES_MISSING`
   */
  async *listSameContent(input: UploadRequestInput): AsyncGenerator<UploadSummary, void> {
    const request = await this.#withHost(parseUploadRequest(input));
    const own = await this.status(workflowIdFor(request));
    yield* listUploadsOfContent(this.client, request, own, CONCURRENCY);
  }

  /**
   * Resumes uploads that ended without a receipt at the step that failed. Completed steps are kept: a stored file is not
   * sent again, and no execution is started twice. Running and completed uploads are skipped, so repeating a call is safe.
   * Yields the outcome for each upload.
   */
  replay(workflowIds: Many<string>, options: ReplayOptions = {}): AsyncIterable<ReplayOutcome> {
    return replayUploads(this.client, workflowIds, options, CONCURRENCY);
  }

  /**
   * Fetches the results of uploads that are done: a worker downloads each package, checks it, and stores it. Yields one outcome for
   * each execution, in order, or one for an upload of which no executions are known. An execution that is at work is not waited for.
   * Repeating a call is safe: what is there already is only checked. The fetches continue if the caller stops.
   */
  results(workflowIds: Many<string>, options: ResultsOptions): AsyncIterable<ResultsOutcome> {
    return fetchResults(
      {
        client: this.client,
        whenAvailable: (call) => this.waits.retry(call),
        concurrency: CONCURRENCY,
      },
      workflowIds,
      options,
    );
  }

  /**
   * Cancels an upload, and waits until it has stopped. Executions that Aplos already started keep running, unless the options say
   * otherwise: then each is cancelled at Aplos, also if the upload is done. That requires a running worker. Safe to repeat.
   *
   * @throws {@link UploadError} `UPLOAD_UNKNOWN`, or `WORKER_MISSING` if executions are to be cancelled and no worker is running
   */
  cancel(workflowId: string, options: CancelOptions = {}): Promise<CancelOutcome> {
    return cancelUpload(this.#workerConnection, workflowId, options);
  }

  /** Cancels many uploads concurrently, and yields the outcome for each, in order. See {@link cancel}. */
  cancelMany(workflowIds: Many<string>, options: CancelOptions = {}): AsyncIterable<CancelOutcome> {
    return cancelUploads(this.#workerConnection, workflowIds, options, CONCURRENCY);
  }

  /** Ends all waits, and closes the connection once its calls have ended, unless the client was passed in. */
  close(): Promise<void> {
    this.waits.close();
    return this.#close();
  }

  async #withHost(request: UploadRequest): Promise<UploadRequest> {
    const host = request.host ?? (await hostForUpload(request, this.#files));
    return host === undefined ? request : { ...request, host };
  }
}
