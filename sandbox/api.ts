import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import { z } from 'zod';
import { FILE_TYPES } from '../src/contract/names.js';
import type { Account, Cognito } from './cognito.js';
import type { Executions } from './executions.js';
import type { Route, TriggeredFault } from './faults.js';
import type { Files } from './files.js';
import type { SandboxSettings } from './options.js';

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
  /** Fault that triggered on the call, if any. */
  readonly triggered: TriggeredFault | undefined;
}

/** A route of the API, under `/tenants/{tenant}/users/{user}`. */
export interface ApiRoute {
  readonly name: Route;
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
  return [
    { name: 'presign', method: 'POST', path: /^\/nca\/files$/, handle: presign },
    { name: 'fileState', method: 'GET', path: /^\/nca\/files\/([^/]+)$/, handle: fileState },
    { name: 'start', method: 'POST', path: /^\/nca\/executions$/, handle: start },
    { name: 'list', method: 'GET', path: /^\/nca\/executions$/, handle: list },
    { name: 'status', method: 'GET', path: /^\/nca\/executions\/([^/]+)$/, handle: status },
    { name: 'metrics', method: 'GET', path: /^\/metrics$/, handle: metrics },
  ];

  async function presign({ account, body, triggered }: ApiCall): Promise<ApiResponse> {
    const parsed = presignBody.safeParse(body);
    if (!parsed.success) return refused('file-upload-request', 400, ...problems(parsed.error));
    const { file_name } = parsed.data;
    if (!FILE_TYPES.some((type) => type === extname(file_name).toLowerCase()))
      return refused(
        'file-upload-request',
        400,
        `File type not supported. Use one of ${FILE_TYPES.join(', ')}`,
      );
    const expired = triggered && 'expire' in triggered.fault ? triggered.fault.expire : undefined;
    return { status: 200, body: await files.presign(account, file_name, expired) };
  }

  async function fileState({ account, id }: ApiCall): Promise<ApiResponse> {
    const file = files.find(account, id);
    if (!file) return refused('file-get', 404, `File ${id} not found`);
    const state = await files.state(file);
    return { status: 200, body: { id, file_name: file.fileName, created_utc: file.presignedAt, ...state } };
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
    return { status: 200, body: executions.start(account, file, parsed.data) };
  }

  async function list({ account, triggered }: ApiCall): Promise<ApiResponse> {
    const items = await executions.list(account, shownUntil(triggered));
    return { status: 200, body: { items } };
  }

  async function status({ account, id }: ApiCall): Promise<ApiResponse> {
    const body = await executions.status(account, id);
    return body ? { status: 200, body } : refused('execution-get', 404, `Execution ${id} not found`);
  }

  async function metrics({ account }: ApiCall): Promise<ApiResponse> {
    const statuses = (await executions.list(account, Number.POSITIVE_INFINITY)).map((each) => each.status);
    const count = (status: string) => statuses.filter((each) => each === status).length;
    const counts = {
      completed: `${count('complete')}`,
      failed: `${count('failed')}`,
      in_flight: `${count('queuing') + count('running')}`,
      allocated: `${settings.allocation}`,
      remaining: `${executions.remaining}`,
    };
    return { status: 200, body: { tenant: counts, user: counts, subscription: counts } };
  }
}

/** Returns the time, by `performance.now()`, after which started executions are hidden from the list. */
function shownUntil(triggered: TriggeredFault | undefined): number {
  if (triggered && 'lagMs' in triggered.fault) return performance.now() - triggered.fault.lagMs;
  if (triggered && 'stale' in triggered.fault) return triggered.addedAt;
  return Number.POSITIVE_INFINITY;
}

/** Returns the account of an ID token if the path belongs to it. */
export async function authenticate(
  cognito: Cognito,
  authorization: string | undefined,
  tenantId: string,
  userId: string,
): Promise<Account | undefined> {
  const account = await cognito.accountOf(authorization?.replace(/^Bearer /, '') ?? '');
  return account?.tenantId === tenantId && account.userId === userId ? account : undefined;
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

const problems = (error: z.ZodError): string[] =>
  error.issues.map(({ path, message }) => `${z.core.toDotPath(path) || 'body'}: ${message}`);
