import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
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

const USER_PATH = /^\/tenants\/([^/]+)\/users\/([^/]+)(\/.*)$/;
const INITIATE_AUTH = 'AWSCognitoIdentityProviderService.InitiateAuth';

// What API Gateway says by itself, and says with 403 to a path that it does not know.
const UNKNOWN_PATH = { message: 'Missing Authentication Token' };
const NOT_LET_IN = { Message: 'User is not authorized to access this resource with an explicit deny' };

/** What the API's server answers from. */
export interface ApiServerOptions {
  readonly port: number;
  readonly cognito: Cognito;
  readonly routes: readonly ApiRoute[];
  readonly executions: Executions;
  readonly surroundings: ServerContext;
}

/** Serves the API and its discovery, Cognito at `POST /`, and `/_sandbox` for tests in other processes. */
export function serveApi(parts: ApiServerOptions): Promise<SandboxServer> {
  const { cognito, surroundings } = parts;

  return serve(parts.port, async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://sandbox');
    if (pathname.startsWith('/_sandbox/')) return control(pathname, request, response);
    if (request.method === 'POST' && pathname === '/') return login(request, response);

    if (request.method === 'GET' && pathname === '/app/configuration')
      return handleCall('discovery', request, response, surroundings, (call) =>
        answered(call, async () => ({ status: 200, body: discovery(cognito) })),
      );

    const [, tenantId = '', userId = '', path = ''] = USER_PATH.exec(pathname) ?? [];
    const route = parts.routes.find((each) => each.method === request.method && each.path.test(path));
    await handleCall(route?.name ?? 'unknown', request, response, surroundings, async (call) => {
      if (!route) return sendBody(response, 403, UNKNOWN_PATH);
      const { authorization } = request.headers;
      if (expires(call.triggered) && route.name !== 'presign') cognito.revoke(authorization?.slice(7) ?? '');
      const body = await readJson(request);
      await answered(call, async () => {
        const account = await authenticate(cognito, authorization, tenantId, userId);
        if (!account) return { status: 403, body: NOT_LET_IN };
        const id = decodeURIComponent(route.path.exec(path)?.[1] ?? '');
        return route.handle({ account, id, body, triggered: call.triggered });
      });
    });
  });

  async function login(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const json = await readJson(request);
    const body: InitiateAuth = typeof json === 'object' && json !== null ? json : {};
    const route = String(body.AuthFlow).startsWith('REFRESH') ? 'refresh' : 'login';
    await handleCall(route, request, response, surroundings, (call) =>
      answered(call, async () => {
        if (request.headers['x-amz-target'] !== INITIATE_AUTH)
          return refusal('UnknownOperationException', '');
        if (request.headers['content-type'] !== 'application/x-amz-json-1.1' || json === undefined)
          return refusal('SerializationException', '');
        return cognito.initiateAuth(body, expires(call.triggered));
      }),
    );
  }

  async function control(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { faults, calls } = surroundings;
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
      case 'GET /_sandbox/ledger':
        return sendBody(response, 200, { charges: parts.executions.charges });
      case 'GET /_sandbox/calls':
        return sendBody(response, 200, { calls });
      default:
        return sendBody(
          response,
          404,
          'POST or DELETE /_sandbox/faults, GET /_sandbox/ledger, GET /_sandbox/calls\n',
        );
    }
  }
}

/** Answers with what the service makes of a call, or with what a fault leaves of that. */
async function answered(
  { response, triggered }: OpenCall,
  effect: () => Promise<ApiResponse>,
): Promise<void> {
  const fault: FaultAction = triggered?.fault ?? NO_ACTION;
  if ('status' in fault) {
    if (fault.effect) await effect();
    return sendBody(
      response,
      fault.status,
      fault.body ?? usualWords(triggered?.fault.route, fault.status),
      fault.headers,
    );
  }
  if ('hang' in fault) {
    if (fault.effect) await effect();
    return untilClosed(response);
  }
  if ('answer' in fault && fault.answer === 'html')
    return sendBody(response, 200, PROXY_PAGE, { 'Content-Type': 'text/html' });
  if ('answer' in fault && fault.answer === 'other-shape') return sendBody(response, 200, { ok: true });

  const { status, body } = await effect().catch(failed);
  if ('cut' in fault) {
    response.destroy();
  } else if ('answer' in fault) {
    const whole = JSON.stringify(body);
    sendBody(response, status, whole.slice(0, Math.ceil(whole.length / 2)), {
      'Content-Type': 'application/json',
    });
  } else {
    sendBody(response, status, body);
  }
}

/** What AWS says with a status, where the fault does not. */
function usualWords(route: Route | undefined, status: number): unknown {
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

const discovery = ({ clientId, region, userPoolId }: Cognito) => ({
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

async function readJson(request: IncomingMessage): Promise<unknown> {
  const sent = await text(request);
  try {
    return JSON.parse(sent);
  } catch {
    return undefined;
  }
}
