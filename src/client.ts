import {
  Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { asUploadFailed } from './client/failed.js';
import { statusOf, type UploadStatus } from './client/status.js';
import { workflowIdFor } from './client/workflow-id.js';
import { loadSettings, type Settings } from './config.js';
import { PROGRESS_QUERY, TASK_QUEUE, WORKFLOW_TYPE } from './contract/names.js';
import type { Receipt, UploadProgress } from './contract/receipt.js';
import { parseUploadRequest, type UploadRequestInput } from './contract/request.js';
import {
  assertEncryptionDecided,
  connectClient,
  dataConverterFor,
  temporalTarget,
  temporalUnreachable,
} from './temporal/connection.js';

export { UploadFailedError } from './client/failed.js';
export { requestForFile } from './client/request-for-file.js';
export type { PendingStep, UploadState, UploadStatus } from './client/status.js';
export { workflowIdFor } from './client/workflow-id.js';
export { type ErrorCode, errorTable, UploadError } from './contract/errors.js';
export * from './contract/names.js';
export type {
  Receipt,
  StartedExecution,
  StepRecord,
  UploadHeartbeat,
  UploadProgress,
} from './contract/receipt.js';
export {
  type ExecutionRequest,
  parseUploadRequest,
  type UploadRequest,
  type UploadRequestInput,
  uploadRequestSchema,
} from './contract/request.js';

/** An upload that was asked for. */
export interface UploadHandle {
  readonly workflowId: string;
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
  readonly #close: () => Promise<void>;

  private constructor(client: Client, close: () => Promise<void>) {
    this.#client = client;
    this.#close = close;
  }

  /**
   * Connects to Temporal as its own environment variables say.
   *
   * @throws {@link UploadError} `SETTINGS_INVALID` or `TEMPORAL_UNREACHABLE`
   */
  static async connect({
    settings = loadSettings(process.env, { accounts: false }),
    client,
  }: UploadClientOptions = {}): Promise<UploadClient> {
    if (client) return new UploadClient(client, async () => {});
    const target = temporalTarget();
    assertEncryptionDecided(settings.encryption, target);
    try {
      const connection = await connectClient(target);
      const own = new Client({
        connection,
        namespace: target.namespace,
        dataConverter: dataConverterFor(settings.encryption),
      });
      return new UploadClient(own, () => connection.close());
    } catch (error) {
      throw temporalUnreachable(target, error);
    }
  }

  /**
   * Starts an upload. Safe to repeat: the same work that is running is joined, what is done answers with its
   * receipt, and what has failed runs again, without starting a second execution.
   *
   * @throws {@link UploadError} `REQUEST_INVALID`
   */
  async start(input: UploadRequestInput): Promise<UploadHandle> {
    const request = parseUploadRequest(input);
    const workflowId = workflowIdFor(request);
    const { fileName, profile, requestedBy } = request;
    try {
      const handle = await this.#client.workflow.start(WORKFLOW_TYPE, {
        taskQueue: TASK_QUEUE,
        workflowId,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
        staticSummary: `${fileName} → Aplos (${profile})${requestedBy ? `, for ${requestedBy}` : ''}`,
        args: [request],
      });
      return this.#handle(workflowId, handle.firstExecutionRunId, 'started');
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const { runId, status } = await this.#client.workflow.getHandle(workflowId).describe();
      return this.#handle(workflowId, runId, status.name === 'COMPLETED' ? 'done' : 'running');
    }
  }

  /**
   * How an upload stands.
   *
   * @returns `undefined` where the namespace has no such workflow, or no longer
   */
  async status(workflowId: string): Promise<UploadStatus | undefined> {
    const handle = this.#client.workflow.getHandle(workflowId);
    try {
      return await statusOf(this.#client, await handle.describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
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

  /** Asks an upload to stop. What was started at the service stays started. */
  async cancel(workflowId: string): Promise<void> {
    await this.#client.workflow.getHandle(workflowId).cancel();
  }

  /** Closes the connection, unless it came from outside. */
  close(): Promise<void> {
    return this.#close();
  }

  #handle(workflowId: string, runId: string, state: UploadHandle['state']): UploadHandle {
    return {
      workflowId,
      runId,
      state,
      result: () => receiptOf(this.#client.workflow.getHandle(workflowId), workflowId),
    };
  }
}

async function receiptOf(handle: WorkflowHandle, workflowId: string): Promise<Receipt> {
  try {
    return (await handle.result()) as Receipt;
  } catch (error) {
    throw asUploadFailed(error, workflowId);
  }
}
