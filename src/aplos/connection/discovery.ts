import type { Dispatcher } from 'undici';
import { UploadError } from '../../contract/errors.js';
import { isCognitoClientId, isUserPoolId, partitionOf } from '../../http/aws.js';
import { quote } from '../../util/quote.js';
import { shortenText } from '../../util/shorten-text.js';
import type { ApiVersion } from '../api.js';
import type { CognitoPool } from './cognito.js';
import { type AppConfiguration, HostConfiguration, isRefusal } from './host-configuration.js';

/** Settings of the user pool. What is not set is discovered. */
export interface PoolSettings {
  readonly apiUrl: string;
  readonly clientId?: string | undefined;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/**
 * Returns the user pool from the settings. Reads what is not set from the public configuration of the Aplos host. The
 * password goes to Cognito of AWS or to the configured endpoint, whatever the Aplos host returns.
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
  if (clientId && (region || endpoint))
    return { clientId, endpoint: endpoint ?? cognitoEndpoint(region ?? '') };
  const { cognito } = await host.get();
  if (!cognito)
    throw new UploadError('API_ANSWER_UNEXPECTED', 'The configuration of the Aplos host names no user pool', {
      action: 'Set COGNITO_CLIENT_ID and COGNITO_REGION.',
    });
  assertIsPool(cognito);
  return {
    clientId: clientId ?? cognito.userPoolClientId,
    endpoint: endpoint ?? cognitoEndpoint(region ?? cognito.region),
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

/** Checks what the Aplos host returned, because it becomes part of the URL that the password is sent to. */
function assertIsPool({
  region,
  userPoolClientId,
  userPoolId,
}: NonNullable<AppConfiguration['cognito']>): void {
  const problem =
    (!partitionOf(region) && `${quote(region)} is not an AWS region`) ||
    (!isCognitoClientId(userPoolClientId) &&
      `${quote(userPoolClientId)} is not the ID of a Cognito app client`) ||
    (userPoolId && !isUserPoolId(userPoolId) && `${quote(userPoolId)} is not the ID of a Cognito user pool`);
  if (problem)
    throw new UploadError(
      'API_ANSWER_UNEXPECTED',
      `The configuration of the Aplos host names no user pool: ${shortenText(problem)}`,
      { action: 'Check APLOS_API_URL, or set COGNITO_CLIENT_ID and COGNITO_REGION.' },
    );
}

/** @throws {@link UploadError} `SETTINGS_INVALID` if the text is not a region: settings and discovery check it first */
function cognitoEndpoint(region: string): string {
  const partition = partitionOf(region);
  if (!partition) throw new UploadError('SETTINGS_INVALID', `${quote(region)} is not an AWS region`);
  return `https://cognito-idp.${region}.${partition.dnsSuffix}/`;
}
