import { stringify } from 'smol-toml';
import type { Setting } from '../../../settings/setting.js';
import { profileTable, settingsTable } from '../../../settings/table.js';
import { wrap } from '../../output/fit.js';
import type { Answers, PasswordAnswer } from './answers.js';

const COLUMNS = 96;

/** A value of a table, and what it means. */
interface Entry {
  readonly key: string;
  /** `undefined` writes the key as a comment, with the example. */
  readonly value: string | readonly string[] | undefined;
  readonly example?: string | readonly string[] | number;
  readonly setting: Setting;
}

/**
 * Returns a settings file with a comment on each key.
 *
 * @param schemaUrl URL of the JSON Schema for editors
 */
export function settingsToml(answers: Answers, schemaUrl: string): string {
  const { temporal, encryptionKeyFile, account, roots, s3Buckets } = answers;
  const { temporalAddress, temporalNamespace, temporalApiKey, encryptionKeys, uploadRoots, sourceHosts } =
    settingsTable;
  const { s3Buckets: buckets, concurrency, metrics, health, uiUrl } = settingsTable;
  return [
    `#:schema ${schemaUrl}`,
    ...comment(
      'Settings of aplos-upload. Environment variables override them, unless --settings names this file. It contains no secrets, only the files or commands that provide them. To see the effective settings, run: aplos-upload settings',
    ),
    '',
    ...(temporal
      ? section('temporal', [
          { key: 'address', value: temporal.address, setting: temporalAddress },
          { key: 'namespace', value: temporal.namespace, setting: temporalNamespace },
          {
            key: 'api_key_file',
            value: temporal.apiKeyFile,
            example: '/run/secrets/temporal-api-key',
            setting: temporalApiKey,
          },
        ])
      : []),
    ...section('encryption', [
      {
        key: 'key_file',
        value: encryptionKeyFile,
        example: '/etc/aplos-upload/encryption-key',
        setting: encryptionKeys,
      },
    ]),
    ...(account
      ? section(`profiles.${tomlKey(account.profile)}`, [
          { key: 'user_name', value: account.userName, setting: profileTable.userName },
          { ...passwordEntry(account.password), setting: profileTable.password },
          { key: 'api_url', value: account.apiUrl, setting: profileTable.apiUrl },
          ...(account.cognitoEndpoint === undefined
            ? []
            : [
                {
                  key: 'cognito_endpoint',
                  value: account.cognitoEndpoint,
                  setting: profileTable.cognitoEndpoint,
                },
              ]),
        ])
      : []),
    ...(account
      ? section('worker', [
          {
            key: 'roots',
            value: roots?.length ? roots : undefined,
            example: ['/data'],
            setting: uploadRoots,
          },
          {
            key: 's3_buckets',
            value: s3Buckets?.length ? s3Buckets : undefined,
            example: ['aplos-uploads'],
            setting: buckets,
          },
          { key: 'source_hosts', value: undefined, example: ['files.example.com'], setting: sourceHosts },
          { key: 'concurrency', value: undefined, example: 50, setting: concurrency },
        ])
      : []),
    ...(account
      ? section('monitoring', [
          { key: 'metrics', value: undefined, example: '127.0.0.1:9464', setting: metrics },
          { key: 'health', value: undefined, example: '127.0.0.1:8080', setting: health },
        ])
      : []),
    ...section('ui', [
      { key: 'url', value: undefined, example: 'https://temporal.example.com', setting: uiUrl },
    ]),
  ].join('\n');
}

const passwordEntry = (password: PasswordAnswer) =>
  'file' in password
    ? { key: 'password_file', value: password.file }
    : { key: 'password_command', value: password.command };

/** A table without any value is a comment as a whole. */
function section(name: string, entries: readonly Entry[]): string[] {
  const isEmpty = entries.every(({ value }) => value === undefined);
  return [
    `${isEmpty ? '# ' : ''}[${name}]`,
    ...entries.flatMap(({ key, value, example, setting }) => [
      ...comment(`${setting.description}.`),
      value === undefined ? `# ${assignment(key, example)}` : assignment(key, value),
    ]),
    '',
  ];
}

const comment = (text: string): string[] =>
  wrap(text.replaceAll('`', ''), COLUMNS).map((line) => `# ${line}`);

const assignment = (key: string, value: unknown): string => stringify({ [key]: value }).trim();

/** Returns a part of a table's name, quoted if it has to be. */
const tomlKey = (name: string): string =>
  /^[\w-]+$/.test(name) ? name : stringify({ [name]: 1 }).replace(/ = 1\s*$/, '');
