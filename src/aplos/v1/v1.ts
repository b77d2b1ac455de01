import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import type { JsonValue } from '../../contract/json.js';
import type { FileRef } from '../../contract/steps.js';
import { callOnce, type HttpResponse } from '../../http/call.js';
import { SharedCall } from '../../util/shared-call.js';
import type { AplosApi, ExecutionRecord, FileState, PresignResponse, StartRequest } from '../api.js';
import { CallGate } from '../connection/call-gate.js';
import { errorFromResponse, readResponse } from '../connection/responses.js';
import type { Identity, Session } from '../connection/session.js';
import { trackingIdOf, withTrackingId } from './tracking.js';

const presignSchema = z
  .object({
    file: z.object({ id: z.string().min(1) }).nullish(),
    s3: z.object({ bucket_name: z.string().min(1), object_key: z.string().min(1) }).nullish(),
    presigned: z.object({
      url: z.url(),
      fields: z.record(z.string(), z.union([z.string(), z.number().transform(String)])),
      expires_in: z.number().positive(),
    }),
  })
  .refine(({ file, s3 }) => file || s3, 'neither file.id nor s3 is there');

const messages = z
  .array(z.unknown())
  .nullish()
  .transform((all) => (all ?? []).map((each) => (typeof each === 'string' ? each : JSON.stringify(each))));

const fileSchema = z.object({ workable_state: z.string(), errors: messages });
const startedSchema = z.object({ execution_id: z.string().min(1), status: z.string().default('queuing') });
const executionSchema = z.object({
  execution_id: z.string().min(1),
  status: z.string(),
  errors: messages,
  meta_data: z.json().nullish(),
});
const listSchema = z.object({ items: z.array(executionSchema) });

/** What a dialect of the API speaks through. */
export interface AplosConnection {
  /** With its path, without a trailing slash. */
  readonly apiUrl: string;
  readonly session: Session;
  readonly dispatcher: Dispatcher;
}

/** Version 1 of the API: unversioned paths, snake_case. */
export class AplosV1 implements AplosApi {
  readonly #connection: AplosConnection;
  readonly #gate = new CallGate();
  /** The whole list comes at once, so a batch that is replayed must not ask for it once a file. */
  readonly #list = new SharedCall(async () => {
    const purpose = 'list the executions';
    const answer = await this.#call(purpose, 'GET', '/nca/executions', undefined);
    return readResponse(purpose, answer, listSchema).items.map(toRecord);
  });

  constructor(connection: AplosConnection) {
    this.#connection = connection;
  }

  async presignUpload(fileName: string, signal?: AbortSignal): Promise<PresignResponse> {
    const purpose = `presign ${fileName}`;
    const asked = Date.now();
    const answer = await this.#call(
      purpose,
      'POST',
      '/nca/files',
      { file_name: fileName, method_type: 'post' },
      signal,
    );
    const { file, s3, presigned } = readResponse(purpose, answer, presignSchema);
    return {
      file: {
        ...(file ? { fileId: file.id } : {}),
        bucket: s3?.bucket_name ?? new URL(presigned.url).host,
        key: s3?.object_key ?? presigned.fields.key ?? '',
      },
      presigned: {
        url: presigned.url,
        fields: presigned.fields,
        expiresAt: new Date(asked + presigned.expires_in * 1000).toISOString(),
      },
    };
  }

  async fileState(fileId: string, signal?: AbortSignal): Promise<FileState> {
    const purpose = `look at file ${fileId}`;
    const answer = await this.#call(
      purpose,
      'GET',
      `/nca/files/${encodeURIComponent(fileId)}`,
      undefined,
      signal,
    );
    const { workable_state: state, errors } = readResponse(purpose, answer, fileSchema);
    return { state, errors, verdict: state === 'ready' || state === 'invalid' ? state : 'pending' };
  }

  async startExecution({ file, execution, trackingId }: StartRequest, signal?: AbortSignal) {
    const purpose = `start an execution of ${nameOf(file)}`;
    const body = {
      ...(file.fileId
        ? { file: { id: file.fileId } }
        : { s3: { bucket_name: file.bucket, object_key: file.key } }),
      configuration: execution.configuration,
      meta_data: withTrackingId(execution.metaData, trackingId),
      data_processing: execution.dataProcessing,
      post_processing: execution.postProcessing,
    };
    try {
      const answer = await this.#call(purpose, 'POST', '/nca/executions', body, signal);
      const { execution_id: executionId, status } = readResponse(purpose, answer, startedSchema);
      return { executionId, status };
    } catch (error) {
      throw asRefusalToStart(error);
    }
  }

  listExecutions(): Promise<readonly ExecutionRecord[]> {
    return this.#list.call();
  }

  async execution(executionId: string, signal?: AbortSignal): Promise<ExecutionRecord> {
    const purpose = `look at execution ${executionId}`;
    const path = `/nca/executions/${encodeURIComponent(executionId)}`;
    return toRecord(
      readResponse(purpose, await this.#call(purpose, 'GET', path, undefined, signal), executionSchema),
    );
  }

  async #call(
    purpose: string,
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<HttpResponse> {
    const { session } = this.#connection;
    const identity = await session.identity();
    let answer = await this.#callAs(identity, purpose, method, path, body, signal);
    if (answer.status === 401 || answer.status === 403) {
      const renewed = await session.replace(identity);
      if (renewed) answer = await this.#callAs(renewed, purpose, method, path, body, signal);
    }
    if (answer.status < 200 || answer.status > 299) throw errorFromResponse(purpose, answer);
    return answer;
  }

  #callAs(
    identity: Identity,
    purpose: string,
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    signal?: AbortSignal,
  ) {
    const { apiUrl, dispatcher } = this.#connection;
    const { token, tenantId, userId } = identity;
    const base = `${apiUrl}/tenants/${encodeURIComponent(tenantId)}/users/${encodeURIComponent(userId)}`;
    const call = {
      purpose,
      method,
      url: base + path,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      unreachable: 'API_UNREACHABLE',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    } as const;
    const cutsShort = method === 'GET' ? signal : undefined; // what was posted may have taken effect
    return this.#gate.pass(purpose, () => callOnce(call, dispatcher, cutsShort), signal);
  }
}

function toRecord(item: z.output<typeof executionSchema>): ExecutionRecord {
  const trackingId = trackingIdOf((item.meta_data ?? undefined) as JsonValue | undefined);
  return {
    executionId: item.execution_id,
    status: item.status,
    errors: item.errors,
    hasMetaData: item.meta_data !== undefined && item.meta_data !== null,
    ...(trackingId === undefined ? {} : { trackingId }),
  };
}

function asRefusalToStart(error: unknown): unknown {
  if (!(error instanceof UploadError)) return error;
  const { code, happened, details } = error;
  if (code !== 'API_REFUSED' && code !== 'API_FORBIDDEN') return error;
  const exhausted =
    details?.status === 402 || /allocation|quota|no executions? (left|remaining)/i.test(happened);
  if (exhausted) return new UploadError('ALLOCATION_EXHAUSTED', happened, { details });
  return code === 'API_REFUSED' ? new UploadError('EXECUTION_REFUSED', happened, { details }) : error;
}

const nameOf = ({ fileId, key }: FileRef) => (fileId ? `file ${fileId}` : key);
