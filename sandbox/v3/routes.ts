import { z } from 'zod';
import {
  type ApiCall,
  type ApiResponse,
  type ApiRoute,
  countsOf,
  expiredPart,
  fileTypeProblem,
  presignBodyV1,
  problems,
  shownUntil,
} from '../api.js';
import type { Executions } from '../executions.js';
import type { FileRecord, Files } from '../files.js';
import type { SandboxSettings } from '../options.js';
import { refused, succeeded } from './answers.js';
import { camelKey } from './camel-keys.js';
import { dialects } from './dialects.js';
import { executionV3 } from './execution.js';
import { parseStart } from './start-body.js';

const presignBody = z.object({
  file_name: z.string().min(1),
  method_type: z.literal('post'),
  category: z.string().optional(),
});

const FILE_STATES = {
  'not-stored': 'signed-url-created',
  converting: 'converting',
  ready: 'ready',
  invalid: 'failed',
} as const;

const PACKAGE_PREFIX = 'package-';

/** Returns the routes of Aplos NCA's API, version 3. They answer as the dialect of the settings does at that moment. */
export function routesV3(files: Files, executions: Executions, settings: SandboxSettings): ApiRoute[] {
  const version = 'v3';
  const get = { version, method: 'GET' } as const;
  const post = { version, method: 'POST' } as const;
  const ofTenant = { ...get, scope: 'tenant', name: 'subscription' } as const;
  return [
    { ...post, name: 'presign', path: /^\/files$/, handle: presign },
    { ...get, name: 'fileState', path: /^\/files\/([^/]+)$/, handle: fileState },
    { ...get, name: 'downloadUrl', path: /^\/files\/([^/]+)\/download-url$/, handle: downloadUrl },
    { ...post, name: 'start', path: /^\/analysis\/queue$/, handle: start },
    { ...get, name: 'list', path: /^\/executions$/, handle: list },
    { ...get, name: 'status', path: /^\/executions\/([^/]+)\/status$/, handle: status },
    { ...get, name: 'config', path: /^\/executions\/([^/]+)\/config$/, handle: config },
    { ...get, name: 'package', path: /^\/executions\/([^/]+)\/outputs\/package$/, handle: resultsPackage },
    { ...post, name: 'cancel', path: /^\/executions\/([^/]+)\/cancel$/, handle: cancel },
    {
      ...ofTenant,
      path: /^\/(active-subscription|subscription-status|validate-subscription)$/,
      handle: subscription,
    },
    { ...ofTenant, path: /^\/metrics$/, handle: metrics },
  ];

  async function presign({ account, body, triggered }: ApiCall): Promise<ApiResponse> {
    const { needsCategory, created, presign, camelFields } = dialects[settings.dialect];
    const parsed = presignBody.safeParse(body);
    if (!parsed.success) return invalid(...problems(parsed.error));
    const { file_name: fileName, category } = parsed.data;
    if (needsCategory && category !== 'nca_input') return invalid('category must be nca_input');
    const problem = fileTypeProblem(fileName);
    if (problem !== undefined) return invalid(problem);
    const presigned = await files.presign(account, fileName, expiredPart(triggered));
    if (presign === 'v1') return succeeded(settings, presignBodyV1(presigned, 'file'), created);
    const { file, url, expiresIn } = presigned;
    const fields = Object.entries(file.fields).map(([name, value]) => [
      camelFields ? camelKey(name) : name,
      value,
    ]);
    const data = { fileId: file.fileId, url, fields: Object.fromEntries(fields), expiresIn, key: file.key };
    return succeeded(settings, data, created);
  }

  async function fileState({ account, id }: ApiCall): Promise<ApiResponse> {
    const file = files.find(account, id);
    return file ? succeeded(settings, await describeFile(file)) : notFound(`File ${id}`);
  }

  async function describeFile(file: FileRecord): Promise<object> {
    const [{ state, errors }, stored] = await Promise.all([files.state(file), files.stored(file)]);
    return {
      id: file.fileId,
      name: file.fileName,
      size: stored?.size ?? null,
      checksum: stored?.etag ?? null,
      status: stored ? 'active' : 'pending',
      state: FILE_STATES[state],
      errors,
      bucket: file.bucket,
      key: file.key,
      versionId: null,
      category: 'nca_input',
      createdUtc: file.presignedAt,
    };
  }

  async function start({ account, body }: ApiCall): Promise<ApiResponse> {
    const { created, executionId: idName, queued } = dialects[settings.dialect];
    const request = parseStart(body);
    if (typeof request === 'string') return invalid(request);
    const file = files.find(account, request.fileIdOrKey);
    if (!file) return notFound(`File ${request.fileIdOrKey}`);
    if (!(await files.isStored(file))) return invalid(`File ${file.fileId} has not been uploaded`);
    const refusal = settings.refuseConfiguration(request.configuration);
    if (refusal !== undefined) return invalid(refusal);
    if (executions.remaining === 0)
      return refused(settings, { status: 429, code: 'QUOTA_EXCEEDED', message: 'No executions are left' });
    const { isRefused, executionId, status, delaySeconds, reason } = executions.start(account, file, request);
    if (isRefused)
      return refused(settings, { status: 429, code: 'RATE_LIMIT_EXCEEDED', message: reason ?? '' });
    const data = {
      [idName]: executionId,
      status: status === 'queued' ? queued : status,
      ...(delaySeconds === undefined ? {} : { delaySeconds, message: 'Too many executions in this hour' }),
      ...(reason === undefined ? {} : { message: reason }),
    };
    return succeeded(settings, data, created);
  }

  async function list({ account, query, triggered }: ApiCall): Promise<ApiResponse> {
    const all = executions.list(account, shownUntil(triggered));
    const key = query.get(dialects[settings.dialect].pageKey);
    const after = key === null ? -1 : all.findIndex(({ executionId }) => executionId === fromKey(key));
    if (key !== null && after < 0) return invalid('The start key is unknown');
    const page = all.slice(after + 1, after + 1 + settings.pageSize);
    const hasMore = after + 1 + page.length < all.length;
    const described = await Promise.all(
      page.map(async ({ describe }) => executionV3(await describe(), settings)),
    );
    const nextKey = hasMore ? toKey(page.at(-1)?.executionId ?? '') : null;
    return succeeded(settings, { count: described.length, nextKey, executions: described });
  }

  async function status({ account, id }: ApiCall): Promise<ApiResponse> {
    const state = await executions.find(account, id);
    return state ? succeeded(settings, executionV3(state, settings)) : notFound(`Execution ${id}`);
  }

  async function config({ account, id }: ApiCall): Promise<ApiResponse> {
    const state = await executions.find(account, id);
    return state ? succeeded(settings, state.charge.body as object) : notFound(`Execution ${id}`);
  }

  async function resultsPackage({ account, id }: ApiCall): Promise<ApiResponse> {
    const state = await executions.find(account, id);
    if (state?.status !== 'succeeded') return notFound(`The package of execution ${id}`);
    return succeeded(settings, { id: `${PACKAGE_PREFIX}${id}` });
  }

  async function downloadUrl({ account, id }: ApiCall): Promise<ApiResponse> {
    const executionId = id.startsWith(PACKAGE_PREFIX) ? id.slice(PACKAGE_PREFIX.length) : undefined;
    const url = executionId === undefined ? undefined : await executions.download(account, executionId);
    return url
      ? succeeded(settings, { downloadUrl: url, fileName: `${executionId}.zip` })
      : notFound(`File ${id}`);
  }

  async function cancel({ account, id }: ApiCall): Promise<ApiResponse> {
    const isCancelled = executions.cancel(account, id);
    const state = await executions.find(account, id);
    if (!state) return notFound(`Execution ${id}`);
    if (isCancelled || state.status === 'cancelled') return succeeded(settings, executionV3(state, settings));
    const message = `Execution ${id} has ended: ${state.status}`;
    return refused(settings, { status: 409, code: 'CONFLICT', message });
  }

  async function subscription(): Promise<ApiResponse> {
    const { subscription: state, maxConcurrent, allocation } = settings;
    return succeeded(settings, {
      plan: 'professional',
      status: state,
      isActive: state === 'active',
      maxExecutions: allocation,
      maxConcurrentExecutions: Number.isFinite(maxConcurrent) ? maxConcurrent : 0,
      downloadAuthorized: state === 'active' || state === 'expired',
    });
  }

  async function metrics({ account }: ApiCall): Promise<ApiResponse> {
    const counts = await countsOf(executions, account, settings);
    return succeeded(settings, { ...counts, subscription: counts });
  }

  function invalid(...messages: string[]): ApiResponse {
    return refused(settings, { status: 400, code: 'VALIDATION_ERROR', message: messages.join('; ') });
  }

  function notFound(what: string): ApiResponse {
    return refused(settings, { status: 404, code: 'NOT_FOUND', message: `${what} was not found` });
  }
}

const toKey = (executionId: string): string => Buffer.from(executionId).toString('base64url');
const fromKey = (key: string): string => Buffer.from(key, 'base64url').toString();
