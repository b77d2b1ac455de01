import { chmod, chown } from 'node:fs/promises';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/settings/load.js';
import type { Settings } from '../../src/settings/settings.js';
import { account, KEY, PASSWORD, problemOf } from '../support/settings.js';
import { temporaryFile } from '../support/temporary-folder.js';

describe('a password', () => {
  const printed = (settings: Settings) => [
    inspect(settings, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
    JSON.stringify([...settings.profiles]),
    String(settings.profiles.get('default')?.password),
    `${settings.profiles.get('default')?.password}`,
  ];

  it('is masked however the settings are printed', () => {
    for (const text of printed(loadSettings(account))) {
      expect(text).toContain('[secret]');
      expect(text).not.toContain(PASSWORD);
    }
  });

  it.each([
    [{ APLOS_API_URL: PASSWORD }],
    [{ COGNITO_USER_NAME: '' }],
    [{ APLOS_UPLOAD_ENCRYPTION_KEY: PASSWORD }],
  ])('does not appear in the error for %j', (wrong) => {
    const problem = problemOf({ ...account, ...wrong });
    expect(problem).not.toBe('none');
    expect(problem).not.toContain(PASSWORD);
  });

  it.each([
    [`${PASSWORD}`, PASSWORD],
    [`${PASSWORD}\n`, PASSWORD],
    [`${PASSWORD}\r\n`, PASSWORD],
    [`\ufeff${PASSWORD}\n`, PASSWORD],
    [`\n${PASSWORD}\t\n\n`, `\n${PASSWORD}\t\n`],
    [` ${PASSWORD} \n`, ` ${PASSWORD} `],
  ])('is read from a file without the line break at its end: %j', async (content, password) => {
    const { path } = await temporaryFile(content, 'password');
    const { profiles } = loadSettings({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: path });
    expect(profiles.get('default')?.password.reveal()).toBe(password);
  });

  it('is rejected if its file is not UTF-8, without a part of it', async () => {
    for (const encoding of ['utf16le', 'latin1'] as const) {
      const { path } = await temporaryFile(Buffer.from(`${PASSWORD}é\n`, encoding), 'password');
      const problem = problemOf({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: path });
      expect(problem).toMatch(/^COGNITO_PASSWORD_FILE names \S+password, which is .*not UTF-8/);
      expect(problem).not.toMatch(/0xe9|é/);
    }
  });

  it.each([[''], ['\n']])('is rejected if its file is empty: %j', async (content) => {
    const { path } = await temporaryFile(content, 'password');
    expect(problemOf({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: path })).toBe(
      `COGNITO_PASSWORD_FILE names ${path}, which is empty`,
    );
  });
});

describe('a secret file', () => {
  async function problemWith(mode: number, owner?: { uid: number; gid: number }) {
    const { path } = await temporaryFile(PASSWORD, 'password');
    await chmod(path, mode);
    if (owner) await chown(path, owner.uid, owner.gid);
    return problemOf({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: path });
  }

  it.each([0o600, 0o400])('is read if only its owner may: mode %o', async (mode) => {
    expect(await problemWith(mode)).toBe('none');
  });

  it.each([
    [0o644, '0644'],
    [0o604, '0604'],
    [0o660, '0660'],
    [0o620, '0620'],
  ])('is rejected if others may read or write it: mode %o', async (mode, shown) => {
    expect(await problemWith(mode)).toContain(
      `which users other than its owner may read or write (mode ${shown})`,
    );
  });

  it.runIf(process.getuid?.() === 0).each([
    [0o440, 0, 'none'],
    [0o640, 0, 'none'],
    [0o444, 0, '(mode 0444)'],
    [0o440, 1000, '(mode 0440)'],
  ])('may be readable by its group only if root owns it: mode %o, user %d', async (mode, uid, words) => {
    expect(await problemWith(mode, { uid, gid: 1000 })).toContain(words);
  });

  it('is rejected with the command that fixes its mode', async () => {
    const { path } = await temporaryFile(PASSWORD, 'password');
    await chmod(path, 0o644);
    expect(() => loadSettings({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: path })).toThrow(
      `Run: chmod 600 ${path}.`,
    );
  });
});

describe('a secret command', () => {
  const passwordBy = (command: string) =>
    loadSettings({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_COMMAND: command })
      .profiles.get('default')
      ?.password.reveal();

  it('runs in the shell, and the line break at the end of its output is dropped', () => {
    expect(passwordBy(`printf '${PASSWORD}\\n' | cat`)).toBe(PASSWORD);
  });

  it('can print encryption keys', () => {
    const { encryption } = loadSettings({ APLOS_UPLOAD_ENCRYPTION_KEY_COMMAND: `echo k1:${KEY}` });
    expect(encryption).toMatchObject({ mode: 'on', keys: [{ id: 'k1' }] });
  });

  it.each([
    [`echo '${PASSWORD}'; echo '${PASSWORD}' >&2; exit 3`, 'it exited with code 3'],
    ['kill -9 $$', 'it was ended by SIGKILL'],
    ['true', 'it printed nothing'],
    ["printf 'a\\344'", 'it printed text that is not UTF-8'],
    ['head -c 100000 /dev/zero', 'it printed more than 64 KiB'],
  ])('fails with an error that does not contain its output: %s', (command, words) => {
    const problem = problemOf({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_COMMAND: command });
    expect(problem).toBe(`The command in COGNITO_PASSWORD_COMMAND returned no secret: ${words}`);
  });

  it('does not run for a client, which needs no account', () => {
    const env = { COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_COMMAND: 'exit 1' };
    expect(loadSettings(env, 'client').profiles.size).toBe(0);
  });
});
