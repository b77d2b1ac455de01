/** `npm run docs:settings`: runs `aplos-upload settings` on three set-ups, and writes what it prints into docs/settings.md. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { rootCertificates } from 'node:tls';

interface SetUp {
  readonly title: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What a reader is shown of the files, and what they are. */
  readonly files: Readonly<Record<string, string>>;
}

const PAGE = 'docs/settings.md';
const COMMAND = resolve('dist/cli.js');
const START = '<!-- Written by `npm run docs:settings`. -->';
const END = '<!-- Until here. -->';

const setUps: readonly SetUp[] = [
  {
    title: 'One account, all in the environment, for a Temporal on this machine.',
    environment: {
      COGNITO_USER_NAME: 'pipeline@example.com',
      COGNITO_PASSWORD_FILE: 'secrets/aplos',
      APLOS_UPLOAD_ROOTS: '/data/incoming',
    },
    files: {},
  },
  {
    title: 'Temporal Cloud with an API key, two accounts, and the encryption key from a vault.',
    environment: {
      APLOS_UPLOAD_SETTINGS: 'aplos-upload.toml',
      APLOS_UPLOAD_CONCURRENCY: '40',
      TEMPORAL_ADDRESS: 'acme.a1b2c.tmprl.cloud:7233',
      TEMPORAL_NAMESPACE: 'acme.a1b2c',
      TEMPORAL_API_KEY: 'not-shown',
    },
    files: {
      'aplos-upload.toml': `[worker]
roots = ["/data/incoming", "/data/archive"]
concurrency = 10

[encryption]
key_command = "vault kv get -field=key secret/aplos-upload"

[profiles.oncology]
user_name = "pipeline@example.com"
password_file = "secrets/oncology"
api_url = "https://api.oncology.aplos-nca.com"

[profiles.validation]
user_name = "validation@example.com"
password_command = "vault kv get -field=password secret/aplos-validation"
region = "us-east-1"
`,
    },
  },
  {
    title:
      'A Temporal of one’s own with mutual TLS, behind a proxy that has a private certificate authority.',
    environment: {
      TEMPORAL_CONFIG_FILE: 'temporal.toml',
      TEMPORAL_PROFILE: 'production',
      COGNITO_USER_NAME: 'pipeline@example.com',
      COGNITO_PASSWORD_FILE: 'secrets/aplos',
      APLOS_UPLOAD_ENCRYPTION_KEY_FILE: 'secrets/keys',
      APLOS_UPLOAD_CA_FILE: 'certificates/acme-ca.pem',
      HTTPS_PROXY: 'http://worker:not-shown@proxy.acme.example:3128',
      NO_PROXY: 'temporal.acme.example',
    },
    files: {
      'temporal.toml': `[profile.production]
address = "temporal.acme.example:7233"
namespace = "pharmacometrics"

[profile.production.tls]
client_cert_path = "certificates/worker.pem"
client_key_path = "secrets/worker-key.pem"
`,
    },
  },
];

/** What the set-ups lead to, and no reader needs to see. */
const secretFiles = {
  'secrets/aplos': 'not-shown',
  'secrets/oncology': 'not-shown',
  'secrets/keys': `2026-11:${randomBytes(32).toString('base64')} 2026-05:${randomBytes(32).toString('base64')}`,
  'secrets/worker-key.pem': 'not-shown',
  'certificates/worker.pem': 'not-shown',
  'certificates/acme-ca.pem': rootCertificates[0] ?? '',
  'bin/vault': `#!/bin/sh\necho 2026-11:${randomBytes(32).toString('base64')}\n`,
};

const page = readFileSync(PAGE, 'utf8');
const [before = '', after = ''] = [page.split(START)[0], page.split(END)[1]];
writeFileSync(PAGE, `${before}${START}\n\n${setUps.map(shown).join('\n')}\n${END}${after}`);

function shown({ title, environment, files }: SetUp): string {
  const folder = mkdtempSync(join(tmpdir(), 'aplos-settings-'));
  try {
    for (const [path, content] of Object.entries({ ...files, ...secretFiles })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content, { mode: path.startsWith('bin/') ? 0o700 : 0o600 });
    }
    const printed = execFileSync(process.execPath, [COMMAND, 'settings'], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: `${folder}/bin:/usr/bin:/bin`, ...environment },
    });
    const exports = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'\n`);
    const contents = Object.entries(files).map(
      ([path, content]) => `\n\`${path}\`:\n\n${block('toml', content)}`,
    );
    return `${title}\n\n${block('sh', exports.join(''))}${contents.join('')}\n${block('text', `$ aplos-upload settings\n${printed}`)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function block(language: string, content: string): string {
  return `\`\`\`${language}\n${content}\`\`\`\n`;
}
