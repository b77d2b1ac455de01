import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { z } from 'zod';
import { FILE_TYPES } from '../src/contract/names.js';
import type { Account, Cognito } from './cognito.js';
import { type ExecutionState, type Executions, PHASES } from './executions.js';
import type { Route, TriggeredFault } from './faults.js';
import type { Files, PresignedFile } from './files.js';
import type { SandboxSettings } from './options.js';
import { camelKeys } from './v3/camel-keys.js';
import { dialects } from './v3/dialects.js';

/** A response of the API. */
export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

/** A call of an authenticated user. */
export interface ApiCall {
  readonly account: Account;
  /** ID in the path; empty if the route has none. */
  readonly id: string;
  /** JSON of the request; `undefined` if there is none. */
  readonly body: unknown;
  /** Query of the request. */
  readonly query: URLSearchParams;
  /** Fault that triggered on the call, if any. */
  readonly triggered: TriggeredFault | undefined;
}

/** A route of the API, under `/tenants/{tenant}/users/{user}`. */
export interface ApiRoute {
  readonly name: Route;
  readonly version: 'v1' | 'v3';
  /** Owner of the path; `tenant`: it is under `/tenants/{tenant}` alone. Default: `user`. */
  readonly scope?: 'user' | 'tenant';
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly handle: (call: ApiCall) => Promise<ApiResponse>;
}

const presignBody = z.object({ file_name: z.string().min(1), method_type: z.literal('post') });

const startBody = z.object({
  file: z.object({ id: z.string() }).optional(),
  s3: z.object({ bucket_name: z.string(), object_key: z.string() }).optional(),
  configuration: z.looseObject({
    version: z.string(),
    columns: z.looseObject({
      time: z.string(),
      unique_id: z.string(),
      concentration: z.looseObject({ observed: z.string().optional(), analyzed: z.string().optional() }),
      sorting: z.array(z.string()).optional(),
      grouping: z.array(z.string()).optional(),
    }),
  }),
  meta_data: z.unknown().optional(),
  data_processing: z.unknown().optional(),
  post_processing: z.unknown().optional(),
});

/** Returns the routes of Aplos NCA's API, version 1. */
export function apiRoutes(files: Files, executions: Executions, settings: SandboxSettings): ApiRoute[] {
  const version = 'v1';
  return [
    { version, name: 'presign', method: 'POST', path: /^\/nca\/files$/, handle: presign },
    { version, name: 'fileState', method: 'GET', path: /^\/nca\/files\/([^/]+)$/, handle: fileState },
    { version, name: 'start', method: 'POST', path: /^\/nca\/executions$/, handle: start },
    { version, name: 'list', method: 'GET', path: /^\/nca\/executions$/, handle: list },
    { version, name: 'status', method: 'GET', path: /^\/nca\/executions\/([^/]+)$/, handle: status },
    { version, name: 'metrics', method: 'GET', path: /^\/metrics$/, handle: metrics },
  ];

  async function presign({ account, body, triggered }: ApiCall): Promise<ApiResponse> {
    const parsed = presignBody.safeParse(body);
    if (!parsed.success) return refused('file-upload-request', 400, ...problems(parsed.error));
    const { file_name } = parsed.data;
    const problem = fileTypeProblem(file_name);
    if (problem !== undefined) return refused('file-upload-request', 400, problem);
    const presigned = await files.presign(account, file_name, expiredPart(triggered));
    return { status: 200, body: presignBodyV1(presigned, settings.presignShape) };
  }

  async function fileState({ account, id }: ApiCall): Promise<ApiResponse> {
    const file = files.find(account, id);
    if (!file) return refused('file-get', 404, `File ${id} not found`);
    const { state, errors } = await files.state(file);
    const workable_state = state === 'not-stored' ? 'converting' : state;
    const body = { id, file_name: file.fileName, created_utc: file.presignedAt, workable_state, errors };
    return { status: 200, body };
  }

  async function start({ account, body }: ApiCall): Promise<ApiResponse> {
    const action = 'execution-request';
    const parsed = startBody.safeParse(body);
    if (!parsed.success) return refused(action, 400, ...problems(parsed.error));
    const { file: named, s3 } = parsed.data;
    const idOrKey = named?.id ?? s3?.object_key;
    if (idOrKey === undefined) return refused(action, 400, 'file.id is required');
    const file = files.find(account, idOrKey);
    if (!file) return refused(action, 404, `File ${idOrKey} not found`);
    if (!(await files.isStored(file))) return refused(action, 400, `File ${idOrKey} has not been uploaded`);
    const refusal = settings.refuseConfiguration(parsed.data.configuration);
    if (refusal !== undefined) return refused(action, 400, refusal);
    if (executions.remaining === 0)
      return refused(action, 403, 'The allocation of executions of this subscription is used up');
    const { configuration, meta_data, data_processing, post_processing } = parsed.data;
    const { executionId, status, reason } = executions.start(account, file, {
      configuration,
      metaData: meta_data,
      dataProcessing: data_processing,
      postProcessing: post_processing,
      body,
    });
    if (status === 'rejected') return refused(action, 429, reason ?? '');
    return { status: 200, body: { execution_id: executionId, status: 'queuing' } };
  }

  async function list({ account, triggered }: ApiCall): Promise<ApiResponse> {
    const shown = executions.list(account, shownUntil(triggered));
    const items = await Promise.all(
      shown.map(async ({ describe }) => executionV1(await describe(), settings)),
    );
    return { status: 200, body: { items } };
  }

  async function status({ account, id }: ApiCall): Promise<ApiResponse> {
    const state = await executions.find(account, id);
    if (!state) return refused('execution-get', 404, `Execution ${id} not found`);
    const body = executionV1(state, settings);
    if (state.status !== 'succeeded') return { status: 200, body };
    const presigned = {
      url: await executions.download(account, id),
      expires_in: settings.downloadSeconds,
      expires_at_utc: new Date(Date.now() + settings.downloadSeconds * 1000).toISOString(),
    };
    return { status: 200, body: { ...body, presigned } };
  }

  async function metrics({ account }: ApiCall): Promise<ApiResponse> {
    const counts = await countsOf(executions, account, settings);
    return { status: 200, body: { tenant: counts, user: counts, subscription: counts } };
  }
}

const V1_STATUS: Partial<Record<ExecutionState['status'], string>> = {
  queued: 'queuing',
  throttled: 'queuing',
  succeeded: 'complete',
};

/** Returns an execution as version 1 reports it. */
function executionV1(state: ExecutionState, settings: SandboxSettings) {
  const { charge, file, status, errors, warnings, completedPhases, elapsed } = state;
  const metaData = charge.metaData ?? null;
  const phase = status === 'running' ? PHASES[completedPhases]?.toLowerCase() : undefined;
  return {
    execution_id: charge.executionId,
    status: phase ?? V1_STATUS[status] ?? status,
    file: { id: charge.fileId, file_name: file?.fileName ?? 'past.csv' },
    s3: { bucket_name: file?.bucket ?? 'past', object_key: file?.key ?? `past/${charge.fileId}.csv` },
    meta_data: dialects[settings.dialect].camelKeys ? camelKeys(metaData) : metaData,
    errors,
    warnings,
    times: { created_utc: charge.at, elapsed },
  };
}

/** Returns the presign response of version 1. */
export const presignBodyV1 = (
  { file, url, expiresIn, expiresAt }: PresignedFile,
  shape: SandboxSettings['presignShape'],
) => ({
  message: 'File upload request created',
  ...(shape === 'file' && { file: { id: file.fileId } }),
  s3: { bucket_name: file.bucket, object_key: file.key },
  presigned: {
    method_type: 'post',
    url,
    fields: file.fields,
    expires_in: expiresIn,
    expires_at_utc: expiresAt,
  },
  file_name: file.fileName,
});

/** Returns why a file of this name is refused; `undefined` if it is not. */
export const fileTypeProblem = (fileName: string): string | undefined =>
  FILE_TYPES.some((type) => type === extname(fileName).toLowerCase())
    ? undefined
    : `File type not supported. Use one of ${FILE_TYPES.join(', ')}`;

/** Returns the part of a presigned POST that a fault lets expire. */
export const expiredPart = (triggered: TriggeredFault | undefined): 'policy' | 'token' | undefined =>
  triggered && 'expire' in triggered.fault ? triggered.fault.expire : undefined;

/** Returns the numbers of executions, as text. */
export async function countsOf(executions: Executions, account: Account, settings: SandboxSettings) {
  const shown = executions.list(account, Number.POSITIVE_INFINITY);
  const statuses = await Promise.all(shown.map(async ({ describe }) => (await describe()).status));
  const count = (...wanted: ExecutionState['status'][]) =>
    `${statuses.filter((status) => wanted.includes(status)).length}`;
  return {
    completed: count('succeeded'),
    failed: count('failed'),
    in_flight: count('queued', 'throttled', 'running'),
    allocated: `${settings.allocation}`,
    remaining: `${executions.remaining}`,
  };
}

/** Returns the time, by `performance.now()`, after which started executions are hidden from the list. */
export function shownUntil(triggered: TriggeredFault | undefined): number {
  if (triggered && 'lagMs' in triggered.fault) return performance.now() - triggered.fault.lagMs;
  if (triggered && 'stale' in triggered.fault) return triggered.addedAt;
  return Number.POSITIVE_INFINITY;
}

/** Returns the account of an ID token if the path belongs to it. */
export async function authenticate(
  cognito: Cognito,
  authorization: string | undefined,
  tenantId: string,
  userId: string | undefined,
): Promise<Account | undefined> {
  const account = await cognito.accountOf(authorization?.replace(/^Bearer /, '') ?? '');
  const isOwn = account?.tenantId === tenantId && (userId === undefined || account.userId === userId);
  return isOwn ? account : undefined;
}

/** Builds an error response as the API does. */
const refused = (action: string, status: number, ...messages: string[]): ApiResponse => ({
  status,
  body: {
    action,
    errors: messages.map((message) => ({ status_code: status, message })),
    log_id: randomUUID(),
  },
});

/** Returns the problems that a schema has found. */
export const problems = (error: z.ZodError): string[] =>
  error.issues.map(({ path, message }) => `${z.core.toDotPath(path) || 'body'}: ${message}`);
