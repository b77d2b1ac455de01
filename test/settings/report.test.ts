import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { allSettings } from '../../src/cli/commands/settings/all-settings.js';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const SECRETS = [
  'hunter2',
  'of-the-codec-server',
  'of-the-team',
  KEY,
  'temporal-api-key',
  'proxy-password',
  'of-the-collector',
];

describe('aplos-upload settings', () => {
  beforeEach(() => {
    for (const name of Object.keys(process.env).filter((each) => /^TEMPORAL_|_PROXY$/i.test(each)))
      vi.stubEnv(name, undefined);
    vi.stubEnv('TEMPORAL_CONFIG_FILE', '/nowhere/temporal.toml');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  function shown(environment: Record<string, string>) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const rows = allSettings({
      TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
      ...environment,
    }).flatMap(({ settings }) => settings);
    const of = (name: string) => {
      const { value, from } = rows.find((row) => row.name === name) ?? {};
      return [value, from];
    };
    return { rows, of };
  }

  it('shows each value with its origin, and no secret', { tags: ['REQ-22'] }, async () => {
    const { path: passwordFile } = await temporaryFile('of-the-team', 'password');
    const { path } = await temporaryFile(
      `[worker]\nconcurrency = 8\nlist_lag = 30\n[profiles.team]\nuser_name = "team@example.com"\npassword_file = "${passwordFile}"`,
      'settings.toml',
    );
    const { of, rows } = shown({
      APLOS_UPLOAD_SETTINGS: path,
      APLOS_UPLOAD_LIST_LAG: '20',
      COGNITO_USER_NAME: 'jane@example.com',
      COGNITO_PASSWORD: 'hunter2',
      APLOS_UPLOAD_CODEC_TOKEN: 'of-the-codec-server',
      APLOS_UPLOAD_ENCRYPTION_KEY: `k2:${KEY} k1:${KEY}`,
      TEMPORAL_ADDRESS: 'acme.tmprl.cloud:7233',
      TEMPORAL_API_KEY: 'temporal-api-key',
      HTTPS_PROXY: 'http://jane:proxy-password@proxy.acme.com:3128',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://jane:of-the-collector@collector.acme.com',
    });
    expect(of('APLOS_UPLOAD_CONCURRENCY')).toEqual(['8', `${path}, worker.concurrency`]);
    expect(of('APLOS_UPLOAD_LIST_LAG')).toEqual(['20 s', 'environment']);
    expect(of('APLOS_UPLOAD_IDLE_TIMEOUT')).toEqual(['60 s', 'default']);
    expect(of('APLOS_UPLOAD_ENCRYPTION_KEY')).toEqual(['k2, k1 (the first encrypts)', 'environment']);
    expect(of('COGNITO_PASSWORD')).toEqual(['[secret]', 'environment']);
    expect(of('profiles.team.password_file')).toEqual([`[secret] in ${passwordFile}`, path]);
    expect(of('profiles.team.region')).toEqual(['discovered from the API', 'default']);
    expect(of('profiles.team.webhook_secret_file')).toEqual(['no webhooks are sent', 'default']);
    expect(of('APLOS_UPLOAD_SETTINGS')).toEqual([path, 'environment']);
    expect(of('APLOS_UPLOAD_ROOTS')).toEqual(['anywhere', 'default']);
    expect(of('APLOS_UPLOAD_CODEC_TOKEN')).toEqual(['[secret]', 'environment']);
    expect(of('TEMPORAL_ADDRESS')).toEqual(['acme.tmprl.cloud:7233', 'environment']);
    expect(of('TEMPORAL_TLS')).toEqual(['on', 'default with an API key']);
    expect(of('HTTPS_PROXY')).toEqual(['http://[secret]@proxy.acme.com:3128', 'environment']);
    expect(of('OTEL_EXPORTER_OTLP_ENDPOINT')).toEqual([
      'https://collector.acme.com/v1/traces',
      'environment',
    ]);
    for (const secret of SECRETS) expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it('shows the settings file in its default location', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'aplos-upload/settings.toml');
    await mkdir(dirname(path));
    await writeFile(path, '[worker]\nconcurrency = 8');
    const { of } = shown({ XDG_CONFIG_HOME: folder });
    expect(of('APLOS_UPLOAD_SETTINGS')).toEqual([path, 'default']);
    expect(of('APLOS_UPLOAD_CONCURRENCY')).toEqual(['8', `${path}, worker.concurrency`]);
  });

  it("shows values from a profile in Temporal's own file", async () => {
    const [{ path: cert }, { path: key }] = [
      await temporaryFile('C', 'c.pem'),
      await temporaryFile('K', 'k.pem'),
    ];
    const { path } = await temporaryFile(
      `[profile.prod]\naddress = "temporal.acme.com:7233"\n[profile.prod.tls]\nclient_cert_path = "${cert}"\nclient_key_path = "${key}"`,
      'temporal.toml',
    );
    const { of } = shown({
      TEMPORAL_CONFIG_FILE: path,
      TEMPORAL_PROFILE: 'prod',
      TEMPORAL_NAMESPACE: 'pk',
    });
    expect(of('TEMPORAL_ADDRESS')).toEqual(['temporal.acme.com:7233', `${path}, profile prod`]);
    expect(of('TEMPORAL_NAMESPACE')).toEqual(['pk', 'environment']);
    expect(of('TEMPORAL_TLS')).toEqual(['on', `${path}, profile prod`]);
    expect(of('TEMPORAL_TLS_CLIENT_CERT')).toEqual([cert, `${path}, profile prod`]);
    expect(of('TEMPORAL_TLS_CLIENT_KEY')).toEqual(['[secret]', `${path}, profile prod`]);
  });
});
