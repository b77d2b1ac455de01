import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import { callOnce, type HttpResponse } from '../../http/call.js';
import type { CognitoPool } from './cognito.js';
import { errorFromResponse, readResponse } from './responses.js';

const configurationSchema = z.object({
  idp: z.object({
    Auth: z.object({ Cognito: z.object({ region: z.string().min(1), userPoolClientId: z.string().min(1) }) }),
  }),
});

/** What is known of the pool without asking. */
export interface PoolSettings {
  readonly apiUrl: string;
  readonly clientId?: string | undefined;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/**
 * Where to log in: as configured, and for what is not, as the host's public configuration says.
 *
 * @throws {@link UploadError} `API_ANSWER_UNEXPECTED` when the host is not Aplos NCA, `API_UNREACHABLE`, `API_UNAVAILABLE`
 */
export async function findPool(settings: PoolSettings, dispatcher: Dispatcher): Promise<CognitoPool> {
  const { clientId, region, endpoint } = settings;
  if (clientId && (region || endpoint)) return { clientId, endpoint: endpoint ?? endpointIn(region ?? '') };
  const found = await discover(settings.apiUrl, dispatcher);
  return {
    clientId: clientId ?? found.userPoolClientId,
    endpoint: endpoint ?? endpointIn(region ?? found.region),
  };
}

async function discover(apiUrl: string, dispatcher: Dispatcher) {
  const purpose = 'learn where to log in';
  const url = `${apiUrl}/app/configuration`;
  const answer = await callOnce({ purpose, method: 'GET', url, unreachable: 'API_UNREACHABLE' }, dispatcher);
  try {
    if (answer.status !== 200) throw errorFromResponse(purpose, answer);
    return readResponse(purpose, answer, configurationSchema).idp.Auth.Cognito;
  } catch (error) {
    if (!(error instanceof UploadError) || mayPass(error, answer)) throw error;
    throw new UploadError('API_ANSWER_UNEXPECTED', `${url} does not answer as an Aplos NCA API does`, {
      cause: error,
      action:
        'Check APLOS_API_URL, e.g. https://api.aplos-nca.com; or set COGNITO_CLIENT_ID and COGNITO_REGION.',
    });
  }
}

/** What begins like the configuration and breaks off may be Aplos; a page, or anything else, is another host. */
const mayPass = ({ code, retryable }: UploadError, { text }: HttpResponse) =>
  code === 'API_ANSWER_BROKEN' ? text.trimStart().startsWith('{') : retryable;

const endpointIn = (region: string) => `https://cognito-idp.${region}.amazonaws.com/`;
