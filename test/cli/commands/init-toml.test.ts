import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import type { Answers } from '../../../src/cli/commands/init/answers.js';
import { settingsToml } from '../../../src/cli/commands/init/toml.js';

const schema = JSON.parse(readFileSync('schema/settings.schema.json', 'utf8'));
const isValid = new Ajv2020.default({ allErrors: true, formats: { uri: URL.canParse } }).compile(schema);

const answers: Answers = {
  temporal: { address: 'acme.tmprl.cloud:7233', namespace: 'acme', apiKeyFile: '/run/api-key' },
  encryptionKeyFile: '/etc/key',
  account: {
    profile: 'default',
    apiUrl: 'https://api.aplos-nca.com',
    userName: 'jane@example.com',
    password: { file: '/run/password' },
  },
  roots: ['/data', '/more'],
  s3Buckets: ['aplos-uploads'],
};

describe('the settings file of init', () => {
  it('contains the answers, and a comment above each key', () => {
    const toml = settingsToml(answers, 'file:///schema.json');
    expect(parse(toml)).toEqual({
      temporal: { address: 'acme.tmprl.cloud:7233', namespace: 'acme', api_key_file: '/run/api-key' },
      encryption: { key_file: '/etc/key' },
      profiles: {
        default: {
          user_name: 'jane@example.com',
          password_file: '/run/password',
          api_url: 'https://api.aplos-nca.com',
        },
      },
      worker: { roots: ['/data', '/more'], s3_buckets: ['aplos-uploads'] },
    });
    expect(toml).toMatch(/^#:schema file:\/\/\/schema\.json\n/);
    const lines = toml.split('\n');
    for (const [index, line] of lines.entries())
      if (/^(# )?\w+ = /.test(line)) expect(lines[index - 1]).toMatch(/^# .*[.]$/);
  });

  it('is valid by the schema for editors, with its commented examples too', () => {
    const toml = settingsToml(answers, '');
    const withExamples = toml.replaceAll(/^# (?=\w+ = |\[)/gm, '');
    for (const content of [toml, withExamples]) {
      isValid(parse(content));
      expect(isValid.errors).toBeNull();
    }
  });

  it('keeps every text, whatever characters it has', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((value) => !/\p{Cs}/u.test(value));
    fc.assert(
      fc.property(text, text, (profile, userName) => {
        fc.pre(profile !== '__proto__');
        const account = { profile, userName, apiUrl: 'https://x.y', password: { command: userName } };
        expect(parse(settingsToml({ account }, ''))).toMatchObject({
          profiles: { [profile]: { user_name: userName, password_command: userName } },
        });
      }),
      { numRuns: 30 },
    );
  });

  it('of a client has neither an account nor settings of a worker', () => {
    const toml = settingsToml({ temporal: { address: 'localhost:7233', namespace: 'default' } }, '');
    expect(Object.keys(parse(toml))).toEqual(['temporal']);
    expect(toml).not.toContain('[worker]');
  });
});

describe('the schema of settings', () => {
  it.each([
    ['[worker]\nconcurency = 3', 'must NOT have additional properties'],
    ['[worker]\nconcurrency = "many"', 'must be integer'],
    ['[encryption]\nkey = "k1:…"', 'must NOT have additional properties'],
    ['[profiles.a]\napi_version = "v2"', 'must be equal to one of the allowed values'],
  ])('rejects %j', (toml, message) => {
    expect(isValid(parse(toml))).toBe(false);
    expect(isValid.errors?.map((error) => error.message)).toContain(message);
  });
});
