import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import type { JsonValue } from '../../contract/json.js';
import type { Section } from '../../contract/sections.js';
import { sectionsIn } from '../../contract/sections.js';
import type { AplosProfile } from '../../settings/settings.js';
import { shortenText } from '../../util/shorten-text.js';
import type {
  AcceptedStart,
  AplosApi,
  ExecutionIds,
  ExecutionRecord,
  FileState,
  PresignResponse,
  StartOptions,
  StartRequest,
  Subscription,
  Work,
} from '../api.js';
import type { ApiCall, AplosConnection } from '../connection.js';
import { signedFields } from '../form-fields.js';
import { isGone } from '../is-gone.js';
import { asRefusalToStart } from '../refusal-to-start.js';
import { assertSupported } from '../supported-sections.js';
import { withWork, workIn } from '../work-metadata.js';
import { readinessOf } from './file-states.js';
import { ExecutionHistory } from './history.js';
import { readPage } from './pages.js';
import { textsOf, toRecord } from './records.js';
import { findResultsLink } from './results.js';
import {
  executionSchema,
  fileSchema,
  presignSchema,
  requestSchema,
  startedSchema,
  subscriptionSchema,
} from './schemas.js';
import { startBody } from './start-body.js';
import { readSubscription } from './subscription.js';
import { UnmarkedExecutions } from './unmarked-executions.js';
import { nameFor } from './work-name.js';

/** Lifetime of a presigned POST whose response does not say it, in seconds. */
const DEFAULT_EXPIRES_IN = 300;

/** Version 3 of the API: paths below `/v3`, and responses in camelCase in an envelope. */
export class AplosV3 implements AplosApi {
  readonly #connection: AplosConnection;
  readonly #startBody: AplosProfile['startBody'];
  readonly #history: ExecutionHistory;
  /** Executions whose records get a report. */
  #awaited: ExecutionIds | undefined;
  readonly #unmarked = new UnmarkedExecutions((executionId) => this.#workIn(executionId));

  constructor(
    connection: AplosConnection,
    { startBody, lookBackMs }: Pick<AplosProfile, 'startBody' | 'lookBackMs'>,
  ) {
    this.#connection = connection;
    this.#startBody = startBody;
    this.#history = new ExecutionHistory(
      (key) => readPage(key, (call) => this.#call(call), this.#awaited),
      lookBackMs,
    );
  }

  async version() {
    return 'v3' as const;
  }

  async presignUpload(fileName: string, signal?: AbortSignal): Promise<PresignResponse> {
    const requestedAt = Date.now();
    const presigned = await this.#call(
      {
        purpose: `presign ${fileName}`,
        method: 'POST',
        kind: 'presign',
        path: '/files',
        body: { file_name: fileName, method_type: 'post', category: 'nca_input' },
        response: presignSchema,
      },
      signal,
    );
    const { fileId, url, bucket, key, expiresIn } = presigned;
    const fields = signedFields(presigned.fields);
    return {
      file: { fileId, bucket: bucket || new URL(url).host, key: key || (fields.key ?? '') },
      presigned: {
        url,
        fields,
        requestedAt: new Date(requestedAt).toISOString(),
        expiresAt: new Date(requestedAt + (expiresIn ?? DEFAULT_EXPIRES_IN) * 1000).toISOString(),
      },
    };
  }

  async fileState(fileId: string, signal?: AbortSignal): Promise<FileState> {
    const file = await this.#call(
      {
        purpose: `get the state of file ${fileId}`,
        method: 'GET',
        kind: 'file',
        path: `/files/${encodeURIComponent(fileId)}`,
        response: fileSchema,
      },
      signal,
    );
    const { status, size, checksum } = file;
    if (status?.toLowerCase() === 'deleted')
      throw new UploadError('API_DELETED', `Aplos reports that file ${fileId} was deleted`);
    const state = file.state || file.workableState || status || 'unknown';
    const errors = [...file.errors, ...textsOf(file.error, file.statusMessage)];
    return {
      state,
      errors,
      readiness: readinessOf(state),
      // A size of zero is one that Aplos does not know: S3 does not accept an empty file.
      ...(typeof size === 'number' && size > 0 ? { sizeBytes: size } : {}),
      ...(checksum ? { checksum } : {}),
    };
  }

  async assertTakes(sections: readonly Section[]): Promise<void> {
    assertSupported(sections, 'v3', this.#startBody);
  }

  async startExecution(
    start: StartRequest,
    { signal, beforeSending }: StartOptions = {},
  ): Promise<AcceptedStart> {
    const { file, execution, work, label } = start;
    await this.assertTakes(sectionsIn(execution));
    const content = { name: nameFor(label, work), metaData: withWork(execution.metaData, work) };
    try {
      const started = await this.#call(
        {
          purpose: `start an execution of file ${file.fileId ?? file.key}`,
          method: 'POST',
          kind: 'start',
          path: '/analysis/queue',
          body: startBody(this.#startBody, file, execution, content),
          response: startedSchema,
          beforeSending,
        },
        signal,
      );
      const { executionId, delaySeconds, message, error, errorCode, errors } = started;
      const status = (started.status ?? 'queued').toLowerCase();
      if (status === 'rejected')
        throw rejected(executionId, [...textsOf(errorCode, message, error), ...errors], delaySeconds);
      return { executionId, status, ...(typeof delaySeconds === 'number' ? { delaySeconds } : {}) };
    } catch (error) {
      throw asRefusalToStart(error);
    }
  }

  async listExecutions(awaited?: ExecutionIds): Promise<readonly ExecutionRecord[]> {
    this.#awaited = awaited;
    return this.#unmarked.recognize(await this.#history.read(awaited));
  }

  async execution(executionId: string, signal?: AbortSignal): Promise<ExecutionRecord> {
    const path = `/executions/${encodeURIComponent(executionId)}/status`;
    const call = {
      purpose: `get execution ${executionId}`,
      kind: 'execution',
      path,
      response: executionSchema,
    } as const;
    try {
      const { record } = toRecord(await this.#call({ ...call, method: 'GET' }, signal), true);
      const [recognized = record] = await this.#unmarked.recognize([record]);
      return recognized;
    } catch (error) {
      if (isGone(error)) this.#history.forget(executionId);
      throw error;
    }
  }

  resultsLink(executionId: string, signal?: AbortSignal): Promise<string> {
    return findResultsLink(executionId, {
      call: (call) => this.#call(call, signal),
      execution: () => this.execution(executionId, signal),
      subscription: () => this.subscription(),
    });
  }

  async cancelExecution(executionId: string, signal?: AbortSignal): Promise<boolean> {
    await this.#call(
      {
        purpose: `cancel execution ${executionId}`,
        method: 'POST',
        kind: 'execution',
        path: `/executions/${encodeURIComponent(executionId)}/cancel`,
        response: z.unknown(),
      },
      signal,
    );
    return true;
  }

  subscription(): Promise<Subscription> {
    return readSubscription((path) =>
      this.#call({
        purpose: 'read the subscription',
        method: 'GET',
        kind: 'subscription',
        path,
        scope: 'tenant',
        response: subscriptionSchema,
      }),
    );
  }

  async #workIn(executionId: string): Promise<Work | undefined> {
    const { metadata } = await this.#call({
      purpose: `get the request of execution ${executionId}`,
      method: 'GET',
      kind: 'execution',
      path: `/executions/${encodeURIComponent(executionId)}/config`,
      response: requestSchema,
    });
    return workIn(metadata as JsonValue | undefined);
  }

  #call<Schema extends z.ZodType>(call: ApiCall<Schema>, signal?: AbortSignal): Promise<z.output<Schema>> {
    return this.#connection.call({ ...call, root: '/v3' }, signal);
  }
}

const rejected = (
  executionId: string,
  reasons: readonly string[],
  delaySeconds: number | null | undefined,
): UploadError =>
  new UploadError(
    'EXECUTION_REJECTED',
    `Aplos rejected execution ${executionId}: ${shortenText(reasons.join('; ')) || 'it gave no reason'}`,
    {
      details: { executionId },
      ...(typeof delaySeconds === 'number' ? { retryAfterMs: delaySeconds * 1_000 } : {}),
    },
  );
