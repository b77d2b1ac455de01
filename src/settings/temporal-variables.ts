import type { Secret } from '../util/secret.js';
import type { Environment, Given } from './setting.js';
import { settingsTable } from './table.js';

/** The environment variables of Temporal that set the connection and the worker version, as `@temporalio/envconfig` reads them. */
export const temporalVariables: readonly string[] = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_DATA',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_DATA',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION',
  'TEMPORAL_CODEC_ENDPOINT',
  'TEMPORAL_CODEC_AUTH',
  'TEMPORAL_DEPLOYMENT_NAME',
  'TEMPORAL_WORKER_BUILD_ID',
];

/** Settings of this program's table that Temporal's library reads. */
const inTable = Object.values(settingsTable).flatMap(({ group, variable }) =>
  group === 'Temporal' ? [variable] : [],
);

/** Variables by which Temporal's library finds its configuration file. */
const FOLDERS = ['HOME', 'XDG_CONFIG_HOME', 'APPDATA'];

/** Settings of the connection to Temporal. They may contain an API key, so they are not logged with other settings. */
export class TemporalSettings {
  readonly #variables: Readonly<Record<string, string>>;

  constructor(variables: Readonly<Record<string, string>>) {
    this.#variables = variables;
  }

  /** Returns the variables for Temporal's library. */
  variables(): Record<string, string> {
    return { ...this.#variables };
  }
}

/**
 * Returns the settings of the connection to Temporal: the variables of the environment, and what the settings file adds.
 *
 * @param given values of the environment and the settings file. Default: only those of the environment
 * @param apiKey API key, if a file or a command provides it
 */
export function temporalSettingsOf(
  environment: Environment,
  given: Given = new Map(),
  apiKey?: Secret,
): TemporalSettings {
  const own = Object.entries(environment).filter(
    ([name, value]) => value && (name.startsWith('TEMPORAL_') || FOLDERS.includes(name)),
  );
  const fromFile = inTable.flatMap((name) => {
    const value = given.get(name);
    return value ? [[name, value.text]] : [];
  });
  const key = apiKey ? [[settingsTable.temporalApiKey.variable, apiKey.reveal()]] : [];
  return new TemporalSettings(Object.fromEntries([...own, ...fromFile, ...key]));
}
