import { type ClientConfigProfile, loadClientConfigProfile } from '@temporalio/envconfig';
import type { LoadedSettings } from '../settings/load.js';
import type { EffectiveSetting } from '../settings/report.js';
import type { Environment } from '../settings/setting.js';
import { MASK } from '../util/secret.js';
import { temporalTarget } from './connection.js';
import { deploymentVersion } from './versioning.js';

/**
 * Returns the effective values of Temporal's own settings, which `@temporalio/envconfig` reads.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function temporalSettings(
  environment: Environment,
  { settings, given }: LoadedSettings,
): EffectiveSetting[] {
  const variables = settings.temporal.variables();
  const { address, namespace } = temporalTarget(settings);
  const { tls, apiKey } = loadClientConfigProfile({ overrideEnvVars: variables });
  const version = deploymentVersion(environment);
  const { inFile, file } = fileProfile(variables);
  const row = (name: string, value: string, isInFile: boolean): EffectiveSetting => ({
    name,
    value,
    from: isSet(name, environment) ? 'environment' : (ownFile(name) ?? (isInFile ? file : 'default')),
  });
  const ownFile = (name: string) => {
    const value = [name, `${name}_FILE`, `${name}_COMMAND`]
      .map((each) => given.settings.get(each))
      .find((each) => each !== undefined);
    return value && `${value.origin}, ${value.name}`;
  };
  const isOn = tls ? tls.disabled !== true : apiKey !== undefined;
  return [
    row('TEMPORAL_ADDRESS', address, inFile.address !== undefined),
    row('TEMPORAL_NAMESPACE', namespace, inFile.namespace !== undefined),
    row('TEMPORAL_API_KEY', apiKey ? MASK : 'none', inFile.apiKey !== undefined),
    tls
      ? row('TEMPORAL_TLS', isOn ? 'on' : 'off', inFile.tls !== undefined)
      : {
          name: 'TEMPORAL_TLS',
          value: isOn ? 'on' : 'off',
          from: isOn ? 'default with an API key' : 'default',
        },
    ...tlsRows(tls, inFile.tls, row),
    row('TEMPORAL_DEPLOYMENT_NAME', version?.deploymentName ?? 'none', false),
    ...(version ? [row('TEMPORAL_WORKER_BUILD_ID', version.buildId, false)] : []),
  ];
}

type Tls = ClientConfigProfile['tls'];

function tlsRows(
  tls: Tls,
  inFile: Tls,
  row: (name: string, value: string, isInFile: boolean) => EffectiveSetting,
): EffectiveSetting[] {
  const { clientCert, clientKey, serverCACert, serverName } = tls ?? {};
  return [
    ...(clientCert
      ? [row('TEMPORAL_TLS_CLIENT_CERT', pathOf(clientCert), inFile?.clientCert !== undefined)]
      : []),
    ...(clientKey ? [row('TEMPORAL_TLS_CLIENT_KEY', MASK, inFile?.clientKey !== undefined)] : []),
    ...(serverCACert
      ? [row('TEMPORAL_TLS_SERVER_CA_CERT', pathOf(serverCACert), inFile?.serverCACert !== undefined)]
      : []),
    ...(serverName ? [row('TEMPORAL_TLS_SERVER_NAME', serverName, inFile?.serverName !== undefined)] : []),
  ];
}

/** Reads the file without the environment, because only the difference shows the origin of a value. */
function fileProfile(environment: Environment): { inFile: ClientConfigProfile; file: string } {
  const { TEMPORAL_PROFILE: profile, TEMPORAL_CONFIG_FILE: path } = environment;
  return {
    inFile: loadClientConfigProfile({
      disableEnv: true,
      ...(profile ? { profile } : {}),
      ...(path ? { configSource: { path } } : {}),
    }),
    file: `${path || "Temporal's own file"}, profile ${profile || 'default'}`,
  };
}

/** Certificates and keys have variables for a path and for the data, with the same prefix. */
const isSet = (prefix: string, environment: Environment) =>
  Object.keys(environment).some((name) => name.startsWith(prefix) && environment[name]);

const pathOf = (source: { path: string } | { data: unknown }): string =>
  'path' in source ? source.path : 'set';
