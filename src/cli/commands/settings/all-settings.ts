import { environmentProxies } from '../../../http/proxies.js';
import { loadAll } from '../../../settings/load.js';
import { type EffectiveSetting, effectiveSettings, type SettingsGroup } from '../../../settings/report.js';
import type { Environment, Reader } from '../../../settings/setting.js';
import { otlpSettings } from '../../../telemetry/tracing/otlp-settings.js';
import { temporalSettings } from '../../../temporal/effective-settings.js';
import { MASK } from '../../../util/secret.js';

/**
 * Returns the effective settings of this program and of the libraries that it uses, without any secret. Reads the files and
 * runs the commands that they name, so that a missing secret is an error.
 *
 * @param reader the program that needs the settings: files and commands of others are not read. Default: the worker
 * @throws UploadError `SETTINGS_INVALID`
 */
export function allSettings(
  environment: Environment = process.env,
  reader: Reader = 'worker',
): SettingsGroup[] {
  const loaded = loadAll(environment, reader);
  return [
    { title: 'Temporal', settings: temporalSettings(environment, loaded) },
    ...effectiveSettings(loaded),
    { title: 'Proxies', settings: proxySettings() },
    { title: 'Traces', settings: [tracesSetting(environment)] },
  ];
}

function proxySettings(): EffectiveSetting[] {
  const { http, https, none } = environmentProxies();
  const masked = (url: string) => url.replace(/\/\/[^@/]*@/, `//${MASK}@`);
  return Object.entries({ HTTP_PROXY: masked(http), HTTPS_PROXY: masked(https), NO_PROXY: none }).map(
    ([name, value]) => ({ name, value: value || 'none', from: value ? 'environment' : 'default' }),
  );
}

function tracesSetting(environment: Environment): EffectiveSetting {
  const { endpoint: to, disabledReason: why } = otlpSettings(environment);
  const ownVariable = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  return {
    name: environment[ownVariable] ? ownVariable : 'OTEL_EXPORTER_OTLP_ENDPOINT',
    value: to ?? (why ? `none: ${why}` : 'none'),
    from: to || why ? 'environment' : 'default',
  };
}
