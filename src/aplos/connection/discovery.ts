import type { Dispatcher } from 'undici';
import { UploadError } from '../../contract/errors.js';
import type { ApiVersion } from '../api.js';
import type { CognitoPool } from './cognito.js';
import { HostConfiguration, isRefusal } from './host-configuration.js';

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
 * @param host configuration of the host. Default: it is read
 * @throws {@link UploadError} `API_ANSWER_UNEXPECTED` if the host is not Aplos NCA, `API_UNREACHABLE`, `API_UNAVAILABLE`
 */
export async function findPool(
  settings: PoolSettings,
  dispatcher: Dispatcher,
  host = new HostConfiguration(settings.apiUrl, 'v1', dispatcher),
): Promise<CognitoPool> {
  const { clientId, region, endpoint } = settings;
  if (clientId && (region || endpoint)) return { clientId, endpoint: endpoint ?? endpointOf(region ?? '') };
  const { cognito } = await host.get();
  if (!cognito)
    throw new UploadError('API_ANSWER_UNEXPECTED', 'The configuration of the Aplos host names no user pool', {
      action: 'Set COGNITO_CLIENT_ID and COGNITO_REGION.',
    });
  return {
    clientId: clientId ?? cognito.userPoolClientId,
    endpoint: endpoint ?? endpointOf(region ?? cognito.region),
  };
}

/**
 * Returns the version of the API that a host speaks. A host without a public configuration speaks version 1.
 *
 * @param since earliest time of the request, by `performance.now()`. Default: whenever it was
 * @throws {@link UploadError} with an `API_…` code and the detail `notSent`, because nothing else was sent
 */
export async function findVersion(host: HostConfiguration, since?: number): Promise<ApiVersion> {
  try {
    return (await host.get(since)).version;
  } catch (error) {
    if (isRefusal(error)) return 'v1';
    if (!(error instanceof UploadError)) throw error;
    const { code, happened, retryAfterMs, details } = error;
    throw new UploadError(code, happened, {
      cause: error,
      retryAfterMs,
      details: { ...details, notSent: true },
    });
  }
}

const endpointOf = (region: string) => `https://cognito-idp.${region}.amazonaws.com/`;
