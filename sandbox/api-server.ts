import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { findSizeProblem } from '../src/contract/bounds.js';
import { type ApiResponse, type ApiRoute, authenticate } from './api.js';
import { type Cognito, type InitiateAuth, refusal } from './cognito.js';
import type { Executions } from './executions.js';
import { type FaultAction, faultSchema, NO_ACTION, type Route, type TriggeredFault } from './faults.js';
import {
  handleCall,
  type OpenCall,
  PROXY_PAGE,
  type SandboxServer,
  type ServerContext,
  sendBody,
  serve,
  untilClosed,
} from './http.js';
import type { SandboxSettings } from './options.js';
import { refused, subscriptionRefusal } from './v3/answers.js';
import { DIALECTS } from './v3/dialects.js';

const OWNED_PATH = /^(\/v3)?\/tenants\/([^/]+)(?:\/users\/([^/]+))?(\/.*)$/;
const CONFIGURATION_PATH = /^(\/v3)?\/app\/configuration$/;
const INITIATE_AUTH = 'AWSCognitoIdentityProviderService.InitiateAuth';

// Bodies of API Gateway's own responses. It responds with 403 to an unknown path.
const UNKNOWN_PATH = { message: 'Missing Authentication Token' };
const UNAUTHORIZED = { Message: 'User is not authorized to access this resource with an explicit deny' };

/** Options of the API server. */
export interface ApiServerOptions {
  readonly port: number;
  readonly cognito: Cognito;
  readonly routes: readonly ApiRoute[];
  readonly executions: Executions;
  /** Can change while the sandbox runs. */
  readonly settings: SandboxSettings;
  readonly context: ServerContext;
}

/** Serves the API and its discovery, Cognito at `POST /`, and `/_sandbox` for tests in other processes. */
export function serveApi(options: ApiServerOptions): Promise<SandboxServer> {
  const { cognito, context, settings } = options;
  const speaks = (version: ApiRoute['version']) => settings.api === 'both' || settings.api === version;

  return serve(options.port, async (request, response) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://sandbox');
    // The base URL of the API may have a path.
    const pathname = path.replace(/^\/api(?=\/)/, '');
    if (pathname.startsWith('/_sandbox/')) return control(pathname, request, response);
    if (request.method === 'POST' && pathname === '/') return login(request, response);

    const configuration = CONFIGURATION_PATH.exec(pathname);
    const configured = configuration?.[1] ? 'v3' : 'v1';
    if (request.method === 'GET' && configuration && speaks(configured))
      return handleCall('discovery', request, response, context, (call) =>
        respond(call, async () => ({ status: 200, body: discovery(cognito, configured) })),
      );

    const [, v3, tenantId = '', userId, ownPath = ''] = OWNED_PATH.exec(pathname) ?? [];
    const version = v3 ? 'v3' : 'v1';
    const scope = userId === undefined ? 'tenant' : 'user';
    const route = options.routes.find(
      (each) =>
        each.version === version &&
        (each.scope ?? 'user') === scope &&
        speaks(version) &&
        each.method === request.method &&
        each.path.test(ownPath),
    );
    await handleCall(route?.name ?? 'unknown', request, response, context, async (call) => {
      if (!route) return sendBody(response, 403, UNKNOWN_PATH);
      const { authorization } = request.headers;
      if (expires(call.triggered) && route.name !== 'presign') cognito.revoke(authorization?.slice(7) ?? '');
      const body = await readJson(request);
      await respond(call, async () => {
        const account = await authenticate(cognito, authorization, tenantId, userId);
        if (!account) return { status: version === 'v3' ? 401 : 403, body: UNAUTHORIZED };
        const refusal = subscriptionRefusal(settings, route.name);
        if (refusal) return refused(settings, refusal);
        const id = decodeURIComponent(route.path.exec(ownPath)?.[1] ?? '');
        return route.handle({ account, id, body, query, triggered: call.triggered });
      });
    });
  });

  async function login(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const json = await readJson(request);
    const body: InitiateAuth = typeof json === 'object' && json !== null ? json : {};
    const route = String(body.AuthFlow).startsWith('REFRESH') ? 'refresh' : 'login';
    await handleCall(route, request, response, context, (call) =>
      respond(call, async () => {
        if (request.headers['x-amz-target'] !== INITIATE_AUTH)
          return refusal('UnknownOperationException', '');
        if (request.headers['content-type'] !== 'application/x-amz-json-1.1' || json === undefined)
          return refusal('SerializationException', '');
        return cognito.initiateAuth(body, expires(call.triggered));
      }),
    );
  }

  async function control(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { faults, calls } = context;
    switch (`${request.method} ${path}`) {
      case 'POST /_sandbox/faults': {
        const json = await readJson(request);
        const fault = z.union([faultSchema, z.array(faultSchema)]).safeParse(json);
        if (!fault.success) return sendBody(response, 400, z.prettifyError(fault.error));
        for (const each of [fault.data].flat()) faults.add(each);
        return sendBody(response, 200, { waiting: faults.waiting });
      }
      case 'DELETE /_sandbox/faults':
        faults.clear();
        return sendBody(response, 200, { waiting: [] });
      case 'POST /_sandbox/settings': {
        const changes = settingsSchema.safeParse(await readJson(request));
        if (!changes.success) return sendBody(response, 400, z.prettifyError(changes.error));
        Object.assign(settings, changes.data);
        return sendBody(response, 200, changes.data);
      }
      case 'GET /_sandbox/ledger':
        return sendBody(response, 200, { charges: options.executions.charges });
      case 'GET /_sandbox/calls':
        return sendBody(response, 200, { calls });
      default:
        return sendBody(
          response,
          404,
          'POST or DELETE /_sandbox/faults, POST /_sandbox/settings, GET /_sandbox/ledger, GET /_sandbox/calls\n',
        );
    }
  }
}

/** Responds with the result of a call, as far as the fault permits. */
async function respond({ response, triggered }: OpenCall, effect: () => Promise<ApiResponse>): Promise<void> {
  const fault: FaultAction = triggered?.fault ?? NO_ACTION;
  if ('status' in fault) {
    if (fault.effect) await effect();
    return sendBody(
      response,
      fault.status,
      fault.body ?? defaultBody(triggered?.fault.route, fault.status),
      fault.headers,
    );
  }
  if ('hang' in fault) {
    if (fault.effect) await effect();
    return untilClosed(response);
  }
  if ('response' in fault && fault.response === 'html')
    return sendBody(response, 200, PROXY_PAGE, { 'Content-Type': 'text/html' });
  if ('response' in fault && fault.response === 'other-shape') return sendBody(response, 200, { ok: true });

  const { status, body } = await effect().catch(failed);
  if ('cut' in fault) {
    response.destroy();
  } else if ('response' in fault) {
    const whole = JSON.stringify(body);
    sendBody(response, status, whole.slice(0, Math.ceil(whole.length / 2)), {
      'Content-Type': 'application/json',
    });
  } else {
    sendBody(response, status, body);
  }
}

/** Returns the body that AWS sends with a status. */
function defaultBody(route: Route | undefined, status: number): unknown {
  if (route === 'login' || route === 'refresh')
    return status < 500
      ? { __type: 'TooManyRequestsException', message: 'Too many requests' }
      : { __type: 'InternalErrorException', message: 'Something went wrong' };
  if (status === 504) return { message: 'Endpoint request timed out' };
  return { message: STATUS_CODES[status] };
}

const failed = (error: unknown): ApiResponse => ({
  status: 500,
  body: { message: 'Internal server error', reason: error instanceof Error ? error.message : String(error) },
});

const expires = (triggered: TriggeredFault | undefined): boolean =>
  triggered !== undefined && 'expire' in triggered.fault;

const settingsSchema = z.strictObject({
  api: z.enum(['v1', 'v3', 'both']).optional(),
  dialect: z.enum(DIALECTS).optional(),
  subscription: z.enum(['active', 'restricted', 'expired', 'disabled']).optional(),
});

const discovery = ({ clientId, region, userPoolId }: Cognito, version: ApiRoute['version']) => ({
  ...(version === 'v3' && {
    api_routing: { users: { version }, files: { version }, executions: { version } },
  }),
  idp: {
    Auth: {
      Cognito: {
        region,
        userPoolId,
        userPoolClientId: clientId,
        authenticationFlowType: 'USER_PASSWORD_AUTH',
      },
    },
  },
});

/**
 * Reads a body as JSON. A body that is too large or nested too deeply is refused: the list of executions returns metadata to
 * everybody, so it must be possible to write it.
 *
 * @returns `undefined` if the body is not JSON, or is refused
 */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= JSON_LIMITS.bytes) chunks.push(chunk);
  }
  if (size > JSON_LIMITS.bytes) return undefined;
  try {
    const json: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return findSizeProblem(json, JSON_LIMITS) === undefined ? json : undefined;
  } catch {
    return undefined;
  }
}

/** A call to AWS Lambda has at most 6 MB. */
const JSON_LIMITS = { bytes: 6 * 1024 ** 2, depth: 200 };
