import {
  Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { pMapIterable, pMapSkip } from 'p-map';
import { UploadError } from '../contract/errors.js';
import { hostTaskQueue, PROGRESS_QUERY, TASK_QUEUE, WORKFLOW_TYPE } from '../contract/names.js';
import { priorityFor } from '../contract/priority.js';
import type { Receipt, UploadProgress } from '../contract/receipt.js';
import { parseUploadRequest, type UploadRequest, type UploadRequestInput } from '../contract/request.js';
import { type FileHost, hostFor } from '../files/host-of-files.js';
import { loadSettings, type Settings } from '../settings/settings.js';
import {
  assertEncryptionDecided,
  connectClient,
  dataConverterFor,
  temporalTarget,
  temporalUnreachable,
} from '../temporal/connection.js';
import { shortenText } from '../util/shorten-text.js';
import { asCompleted, type CompletedUpload, type PendingUpload } from './as-completed.js';
import { toUploadError } from './failures.js';
import { queryFor, type UploadFilter } from './filter.js';
import { type ReplayOptions, type ReplayOutcome, replayUpload } from './replay.js';
import { searchAttributesOf } from './search-attributes.js';
import { statusOf, summaryOf, type UploadStatus, type UploadSummary } from './status.js';
import { startTracingInterceptor } from './tracing.js';
import { WorkerAvailability } from './worker-availability.js';
import { workflowIdFor } from './workflow-id.js';

/** An upload that was asked for. */
export interface UploadHandle {
  readonly workflowId: string;
  readonly fileName: string;
  /** As the request said. */
  readonly sizeBytes?: number;
  readonly runId: string;
  /** `started` by this call; `running` or `done`: the same work had been asked for before, and was joined. */
  readonly state: 'started' | 'running' | 'done';
  /**
   * Waits for the receipt, however long it takes.
   *
   * @throws {@link UploadFailedError} when the upload ended without one
   * @throws {@link UploadError} `PAYLOAD_UNREADABLE` when it is encrypted with a key that this process does not have
   */
  result(): Promise<Receipt>;
}

/** Of gRPC. */
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

/** How Temporal is called for many uploads: as many calls at a time. */
const CALLS_AT_ONCE = 20;

/** What a client is made of, where not everything comes from the environment. */
export interface UploadClientOptions {
  /** Default: read from the environment. */
  readonly settings?: Settings;
  /** A Temporal client of one's own; it must have the data converter that the workers have. */
  readonly client?: Client;
}

/** Starts uploads, one workflow per file, and looks after them. */
export class UploadClient {
  readonly #client: Client;
  readonly #address: string;
  readonly #files: FileHost;
  readonly #lookout: WorkerAvailability;
  readonly #close: () => Promise<void>;

  private constructor(client: Client, address: string, files: FileHost, close: () => Promise<void>) {
    this.#client = client;
    this.#address = address;
    this.#files = files;
    this.#lookout = new WorkerAvailability(client);
    this.#close = close;
  }

  /**
   * Connects to Temporal as its own environment variables say. Where the process has a tracer registered with
   * `@opentelemetry/api`, each start is a span of it, and the workers go on in its trace.
   *
   * @throws {@link UploadError} `SETTINGS_INVALID` or `TEMPORAL_UNREACHABLE`
   */
  static async connect({
    settings = loadSettings(process.env, { accounts: false }),
    client,
  }: UploadClientOptions = {}): Promise<UploadClient> {
    if (client) return new UploadClient(client, 'the address of the given client', settings, async () => {});
    const target = temporalTarget();
    assertEncryptionDecided(settings.encryption, target);
    try {
      const connection = await connectClient(target);
      const own = new Client({
        connection,
        namespace: target.namespace,
        dataConverter: dataConverterFor(settings.encryption),
        interceptors: { workflow: [startTracingInterceptor] },
      });
      return new UploadClient(own, target.address, settings, () => connection.close());
    } catch (error) {
      throw temporalUnreachable(target, error);
    }
  }

  /**
   * Starts an upload. Safe to repeat: the same work that is running is joined, what is done answers with its
   * receipt, and what has failed runs again, without starting a second execution. Where the settings name this host, a
   * request for a `file:` that does not name one is for this one, unless the file is on a shared mount.
   *
   * @throws {@link UploadError} `REQUEST_INVALID`, `SEARCH_ATTRIBUTES_MISSING` or `TEMPORAL_UNREACHABLE`
   */
  async start(input: UploadRequestInput): Promise<UploadHandle> {
    const request = await this.#withHost(parseUploadRequest(input));
    const workflowId = workflowIdFor(request);
    try {
      const handle = await this.#client.workflow.start(WORKFLOW_TYPE, {
        taskQueue: TASK_QUEUE,
        workflowId,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
        staticSummary: inOneLine(request),
        typedSearchAttributes: searchAttributesOf(request),
        priority: priorityFor(request).started,
        args: [request],
      });
      return this.#handle(request, workflowId, handle.firstExecutionRunId, 'started');
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw this.#notStarted(error);
      const { runId, status } = await this.#client.workflow.getHandle(workflowId).describe();
      return this.#handle(request, workflowId, runId, status.name === 'COMPLETED' ? 'done' : 'running');
    }
  }

  /**
   * Starts many uploads, some at a time, and yields each in order once it is started. Requests are taken as they
   * are needed, so there may be any number of them. Safe to repeat, like {@link start}.
   *
   * @throws {@link UploadError} `REQUEST_INVALID` for the first request that is not valid; those before it are started
   */
  startMany(
    requests: AsyncIterable<UploadRequestInput> | Iterable<UploadRequestInput>,
  ): AsyncIterable<UploadHandle> {
    return pMapIterable(requests, (request) => this.start(request), { concurrency: CALLS_AT_ONCE });
  }

  /**
   * Waits for many uploads, and yields each when it has ended, in whichever order. Every workflow is yielded once.
   *
   * @param uploads those of {@link startMany}, for example
   */
  asCompleted(
    uploads: AsyncIterable<PendingUpload> | Iterable<PendingUpload>,
  ): AsyncIterable<CompletedUpload> {
    return asCompleted(this.#client, uploads);
  }

  /**
   * How an upload stands.
   *
   * @returns `undefined` where the namespace has no such workflow, or no longer
   */
  async status(workflowId: string): Promise<UploadStatus | undefined> {
    const handle = this.#client.workflow.getHandle(workflowId);
    try {
      return await statusOf(this.#client, await handle.describe(), this.#lookout);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /**
   * The uploads that a filter fits, each as its latest run stands: what has failed and was taken up again does
   * not count as failed. In Temporal's order: what is running, then what ended last.
   *
   * @throws {@link UploadError} `REQUEST_INVALID` where Temporal cannot search for what is in the filter
   */
  list(filter: UploadFilter = {}): AsyncIterable<UploadSummary> {
    const seen = new Set<string>();
    return pMapIterable(
      this.#client.workflow.list({ query: queryFor(filter) }),
      async (info) => {
        const { workflowId, runId, status } = info;
        if (seen.has(workflowId)) return pMapSkip;
        seen.add(workflowId);
        const mayHaveLaterRun = status.name !== 'RUNNING' && status.name !== 'COMPLETED';
        const isLatest = !mayHaveLaterRun || (await this.#latestRunOf(workflowId)) === runId;
        return isLatest ? summaryOf(info) : pMapSkip;
      },
      { concurrency: CALLS_AT_ONCE },
    );
  }

  /**
   * Takes uploads that have ended without a receipt up again, at the step that failed: what is finished is kept,
   * so a file that is stored is not sent again, and no execution is started twice. One that is running or done is
   * left alone, so this is safe to repeat. Yields what became of each.
   */
  replay(
    workflowIds: AsyncIterable<string> | Iterable<string>,
    options: ReplayOptions = {},
  ): AsyncIterable<ReplayOutcome> {
    return pMapIterable(workflowIds, (workflowId) => replayUpload(this.#client, workflowId, options), {
      concurrency: CALLS_AT_ONCE,
    });
  }

  /** How far a running upload's workflow is, by its own word; needs a worker to answer. */
  progress(workflowId: string): Promise<UploadProgress | undefined> {
    return this.#client.workflow.getHandle(workflowId).query<UploadProgress | undefined>(PROGRESS_QUERY);
  }

  /**
   * Waits for the receipt of an upload.
   *
   * @throws {@link UploadFailedError} when the upload ended without one
   * @throws {@link UploadError} `PAYLOAD_UNREADABLE` when it is encrypted with a key that this process does not have
   */
  async result(workflowId: string): Promise<Receipt> {
    return receiptOf(this.#client.workflow.getHandle(workflowId), workflowId);
  }

  /**
   * Whether a worker serves a host, as far as Temporal knows: one that was killed is missed after a minute and a half.
   * `undefined` where Temporal does not tell.
   *
   * @param host as in requests
   */
  hostHasWorker(host: string): Promise<boolean | undefined> {
    return this.#lookout.hasWorker(hostTaskQueue(host.toLowerCase()));
  }

  /** Asks an upload to stop. What was started at the service stays started. */
  async cancel(workflowId: string): Promise<void> {
    await this.#client.workflow.getHandle(workflowId).cancel();
  }

  /** Closes the connection, unless it came from outside. */
  close(): Promise<void> {
    return this.#close();
  }

  async #withHost(request: UploadRequest): Promise<UploadRequest> {
    const host = request.host ?? (await hostFor(request.source, this.#files));
    return host === undefined ? request : { ...request, host };
  }

  #notStarted(error: unknown): unknown {
    if (!isGrpcServiceError(error)) return error;
    const { namespace } = this.#client.options;
    if (error.code === INVALID_ARGUMENT && error.details.includes('search attribute'))
      return new UploadError(
        'SEARCH_ATTRIBUTES_MISSING',
        `The namespace "${namespace}" does not have all search attributes (${shortenText(error.details)})`,
        { cause: error, action: 'Run: aplos-upload setup' },
      );
    return error.code === UNAVAILABLE || error.code === DEADLINE_EXCEEDED
      ? temporalUnreachable({ address: this.#address, namespace }, error)
      : error;
  }

  async #latestRunOf(workflowId: string): Promise<string> {
    return (await this.#client.workflow.getHandle(workflowId).describe()).runId;
  }

  #handle(
    { fileName, expect }: UploadRequest,
    workflowId: string,
    runId: string,
    state: UploadHandle['state'],
  ): UploadHandle {
    const sizeBytes = expect?.sizeBytes;
    return {
      workflowId,
      fileName,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      runId,
      state,
      result: () => this.result(workflowId),
    };
  }
}

const inOneLine = ({ fileName, host, profile, batch, requestedBy }: UploadRequest) =>
  `${fileName}${host ? ` on ${host}` : ''} → Aplos (${profile})${batch ? `, batch ${batch}` : ''}${requestedBy ? `, for ${requestedBy}` : ''}`;

async function receiptOf(handle: WorkflowHandle, workflowId: string): Promise<Receipt> {
  try {
    return (await handle.result()) as Receipt;
  } catch (error) {
    throw toUploadError(error, workflowId);
  }
}
