import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import { callOnce, type HttpResponse } from '../../http/call.js';
import type { CognitoPool } from './cognito.js';
import { RESPONSE_LIMITS } from './response-limits.js';
import { errorFromResponse, readResponse } from './responses.js';

const configurationSchema = z.object({
  idp: z.object({
    Auth: z.object({ Cognito: z.object({ region: z.string().min(1), userPoolClientId: z.string().min(1) }) }),
  }),
});

/** Settings of the user pool. What is not set is discovered. */
export interface PoolSettings {
  readonly apiUrl: string;
  readonly clientId?: string | undefined;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/**
 * Returns the user pool from the settings. Reads what is not set from the public configuration of the Aplos host.
 *
 * @throws {@link UploadError} `API_ANSWER_UNEXPECTED` if the host is not Aplos NCA, `API_UNREACHABLE`, `API_UNAVAILABLE`
 */
export async function findPool(settings: PoolSettings, dispatcher: Dispatcher): Promise<CognitoPool> {
  const { clientId, region, endpoint } = settings;
  if (clientId && (region || endpoint)) return { clientId, endpoint: endpoint ?? endpointOf(region ?? '') };
  const discovered = await discover(settings.apiUrl, dispatcher);
  return {
    clientId: clientId ?? discovered.userPoolClientId,
    endpoint: endpoint ?? endpointOf(region ?? discovered.region),
  };
}

async function discover(apiUrl: string, dispatcher: Dispatcher) {
  const purpose = 'discover the login settings';
  const url = `${apiUrl}/app/configuration`;
  const response = await callOnce(
    {
      purpose,
      method: 'GET',
      url,
      unreachable: 'API_UNREACHABLE',
      oversized: 'API_ANSWER_UNEXPECTED',
      maxBytes: RESPONSE_LIMITS.discovery,
    },
    dispatcher,
  );
  try {
    if (response.status !== 200) throw errorFromResponse(purpose, response);
    return readResponse(purpose, response, configurationSchema).idp.Auth.Cognito;
  } catch (error) {
    if (!(error instanceof UploadError) || isTransient(error, response)) throw error;
    throw new UploadError(
      'API_ANSWER_UNEXPECTED',
      `${url} did not return the configuration of an Aplos NCA API`,
      {
        cause: error,
        action:
          'Check APLOS_API_URL, e.g. https://api.aplos-nca.com, or set COGNITO_CLIENT_ID and COGNITO_REGION.',
      },
    );
  }
}

/** A truncated configuration may come from Aplos; an HTML page or other text comes from another host. */
const isTransient = ({ code, retryable }: UploadError, { text }: HttpResponse) =>
  code === 'API_ANSWER_BROKEN' ? text.trimStart().startsWith('{') : retryable;

const endpointOf = (region: string) => `https://cognito-idp.${region}.amazonaws.com/`;
