import { loadClientConfigProfile } from '@temporalio/envconfig';
import { environmentProxies } from '../http/proxies.js';
import { otlpSettings } from '../telemetry/tracing/otlp-settings.js';
import { temporalTarget } from '../temporal/connection.js';
import { deploymentVersion } from '../temporal/versioning.js';
import { checkedProfiles, loadSettings, type RawSettings, readRawSettings } from './settings.js';

/** A setting as it is in force. */
export interface EffectiveSetting {
  /** The environment variable, or the key in the file where it has none. */
  readonly name: string;
  /** Of a secret, that it is set. */
  readonly value: string;
  /** `default`, `environment`, or the file and the key in it. */
  readonly from: string;
}

/** Settings that belong together. */
export interface SettingsGroup {
  readonly title: string;
  readonly settings: readonly EffectiveSetting[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const MASK = '[secret]';

/**
 * All settings as they are in force, and where each comes from. Reads what the settings lead to, so that all is
 * known to be there, and shows nothing that is secret.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function effectiveSettings(environment: Environment = process.env): SettingsGroup[] {
  const settings = loadSettings(environment);
  const given = readRawSettings(environment);
  const { env } = given;
  const row = (name: keyof typeof env, value: string): EffectiveSetting => ({
    name,
    value,
    from: fromOf(given, name, environment),
  });
  const asGiven = (name: string) => environment[name] || given.file?.values.get(name)?.value;
  const { encryption } = settings;
  const keyVariable = (['', '_FILE', '_COMMAND'] as const)
    .map((end) => `APLOS_UPLOAD_ENCRYPTION_KEY${end}` as const)
    .find((name) => env[name] !== undefined);
  return [
    { title: 'Temporal', settings: temporalSettings(environment) },
    {
      title: 'Encryption',
      settings: [
        encryption.mode === 'on' && keyVariable
          ? row(keyVariable, `${encryption.keys.map(({ id }) => id).join(', ')} (the first encrypts)`)
          : row('APLOS_UPLOAD_ENCRYPTION', encryption.mode === 'off' ? 'off' : 'no key'),
      ],
    },
    { title: 'Aplos accounts', settings: accountSettings(given, environment) },
    {
      title: 'Worker',
      settings: [
        row('APLOS_UPLOAD_ROOTS', settings.uploadRoots.join(':') || 'anywhere'),
        row('APLOS_UPLOAD_SOURCE_HOSTS', asGiven('APLOS_UPLOAD_SOURCE_HOSTS') ?? 'none'),
        row('APLOS_UPLOAD_SPOOL_LIMIT', `${settings.spoolLimitBytes} bytes`),
        row('APLOS_UPLOAD_S3_HOSTS', asGiven('APLOS_UPLOAD_S3_HOSTS') ?? 'those of Amazon S3'),
        row('APLOS_UPLOAD_IDLE_TIMEOUT', `${env.APLOS_UPLOAD_IDLE_TIMEOUT} s`),
        row('APLOS_UPLOAD_SHUTDOWN_GRACE', `${env.APLOS_UPLOAD_SHUTDOWN_GRACE} s`),
        row('APLOS_UPLOAD_LIST_LAG', `${env.APLOS_UPLOAD_LIST_LAG} s`),
        row('APLOS_UPLOAD_CONCURRENCY', `${env.APLOS_UPLOAD_CONCURRENCY}`),
      ],
    },
    {
      title: 'Host',
      settings: [
        row('APLOS_UPLOAD_HOST', settings.host ?? 'none'),
        row('APLOS_UPLOAD_SHARED_ROOTS', settings.sharedRoots.join(':') || 'none'),
      ],
    },
    {
      title: 'Monitoring',
      settings: [
        row('APLOS_UPLOAD_METRICS', asGiven('APLOS_UPLOAD_METRICS') ?? 'not served'),
        row('APLOS_UPLOAD_HEALTH', asGiven('APLOS_UPLOAD_HEALTH') ?? 'not served'),
      ],
    },
    {
      title: 'Network',
      settings: [row('APLOS_UPLOAD_CA_FILE', env.APLOS_UPLOAD_CA_FILE ?? 'none'), ...proxySettings()],
    },
    { title: 'Traces', settings: [tracesSent(environment)] },
    { title: 'Temporal UI', settings: [row('APLOS_UPLOAD_UI_URL', env.APLOS_UPLOAD_UI_URL ?? 'guessed')] },
  ];
}

function fromOf({ file, label }: RawSettings, name: string, environment: Environment): string {
  if (environment[name]) return 'environment';
  const key = label(name);
  return file && key !== name ? `${file.path}, ${key}` : 'default';
}

function accountSettings({ file, env }: RawSettings, environment: Environment): EffectiveSetting[] {
  const fromEnvironment = env.COGNITO_USER_NAME !== undefined;
  const rows = Object.entries(checkedProfiles(file))
    .filter(([name]) => !(name === 'default' && fromEnvironment))
    .flatMap(([name, profile]) => {
      const at = (key: keyof typeof profile, value: string, byDefault?: string): EffectiveSetting => {
        const isGiven = Object.hasOwn(file?.profiles[name] as object, key);
        return {
          name: `profiles.${name}.${key}`,
          value: isGiven ? value : (byDefault ?? value),
          from: isGiven ? (file?.path ?? '') : 'default',
        };
      };
      return [
        at('user_name', profile.user_name),
        profile.password_file
          ? at('password_file', `${MASK} in ${profile.password_file}`)
          : at('password_command', `${MASK} by a command`),
        at('api_url', profile.api_url),
        at('api_version', profile.api_version),
        at('client_id', profile.client_id ?? '', ASKED),
        at('region', profile.region ?? '', ASKED),
        ...(profile.cognito_endpoint ? [at('cognito_endpoint', profile.cognito_endpoint)] : []),
      ];
    });
  if (!fromEnvironment) return rows;
  const at = (name: keyof typeof env, value: string): EffectiveSetting => ({
    name,
    value,
    from: environment[name] ? 'environment' : 'default',
  });
  return [
    at('COGNITO_USER_NAME', env.COGNITO_USER_NAME ?? ''),
    passwordOf(env, at),
    at('APLOS_API_URL', env.APLOS_API_URL),
    at('APLOS_API_VERSION', env.APLOS_API_VERSION),
    at('COGNITO_CLIENT_ID', env.COGNITO_CLIENT_ID ?? ASKED),
    at('COGNITO_REGION', env.COGNITO_REGION ?? ASKED),
    ...(env.COGNITO_ENDPOINT ? [at('COGNITO_ENDPOINT', env.COGNITO_ENDPOINT)] : []),
    ...rows,
  ];
}

const ASKED = "asked from the API's host";

function passwordOf(
  env: RawSettings['env'],
  at: (name: keyof RawSettings['env'], value: string) => EffectiveSetting,
): EffectiveSetting {
  if (env.COGNITO_PASSWORD) return at('COGNITO_PASSWORD', MASK);
  return env.COGNITO_PASSWORD_FILE
    ? at('COGNITO_PASSWORD_FILE', `${MASK} in ${env.COGNITO_PASSWORD_FILE}`)
    : at('COGNITO_PASSWORD_COMMAND', `${MASK} by a command`);
}

/** Temporal's own settings, which its own library reads: what the file alone says tells where a value is from. */
function temporalSettings(environment: Environment): EffectiveSetting[] {
  const { address, namespace } = temporalTarget();
  const profile = environment.TEMPORAL_PROFILE || 'default';
  const path = environment.TEMPORAL_CONFIG_FILE;
  const { tls, apiKey } = loadClientConfigProfile();
  const version = deploymentVersion(environment);
  const inFile = loadClientConfigProfile({
    disableEnv: true,
    ...(environment.TEMPORAL_PROFILE ? { profile } : {}),
    ...(path ? { configSource: { path } } : {}),
  });
  const file = `${path || "Temporal's own file"}, profile ${profile}`;
  const row = (name: string, value: string, isInFile: boolean): EffectiveSetting => ({
    name,
    value,
    from: Object.keys(environment).some((each) => each.startsWith(name) && environment[each])
      ? 'environment'
      : isInFile
        ? file
        : 'default',
  });
  const pem = (source: { path: string } | { data: unknown } | undefined) =>
    source && ('path' in source ? source.path : 'given');
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
    ...(tls?.clientCert
      ? [row('TEMPORAL_TLS_CLIENT_CERT', String(pem(tls.clientCert)), inFile.tls?.clientCert !== undefined)]
      : []),
    ...(tls?.clientKey ? [row('TEMPORAL_TLS_CLIENT_KEY', MASK, inFile.tls?.clientKey !== undefined)] : []),
    ...(tls?.serverCACert
      ? [
          row(
            'TEMPORAL_TLS_SERVER_CA_CERT',
            String(pem(tls.serverCACert)),
            inFile.tls?.serverCACert !== undefined,
          ),
        ]
      : []),
    ...(tls?.serverName
      ? [row('TEMPORAL_TLS_SERVER_NAME', tls.serverName, inFile.tls?.serverName !== undefined)]
      : []),
    row('TEMPORAL_DEPLOYMENT_NAME', version?.deploymentName ?? 'none', false),
    ...(version ? [row('TEMPORAL_WORKER_BUILD_ID', version.buildId, false)] : []),
  ];
}

function proxySettings(): EffectiveSetting[] {
  const { http, https, none } = environmentProxies();
  const masked = (url: string) => url.replace(/\/\/[^@/]*@/, `//${MASK}@`);
  return Object.entries({ HTTP_PROXY: masked(http), HTTPS_PROXY: masked(https), NO_PROXY: none }).map(
    ([name, value]) => ({ name, value: value || 'none', from: value ? 'environment' : 'default' }),
  );
}

function tracesSent(environment: Environment): EffectiveSetting {
  const { endpoint: to, disabledReason: why } = otlpSettings(environment);
  const own = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  return {
    name: environment[own] ? own : 'OTEL_EXPORTER_OTLP_ENDPOINT',
    value: to ?? (why ? `none: ${why}` : 'none'),
    from: to || why ? 'environment' : 'default',
  };
}
