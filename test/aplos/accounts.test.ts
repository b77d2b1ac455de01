import { describe, expect, it, onTestFinished } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.js';
import { AplosAccounts } from '../../src/aplos/accounts.js';
import type { AplosProfile } from '../../src/settings/settings.js';
import { Secret } from '../../src/util/secret.js';
import { NO_BUCKET } from '../support/bucket.js';
import { account, dispatcher, profileOf } from '../support/fake-aplos.js';

const s3 = NO_BUCKET;

describe('AplosAccounts', () => {
  it('logs in once as the user of each profile', async () => {
    const sandbox = await sandboxOfTwo();
    const profile = profileOf(sandbox);
    const { api } = accountsWith({ team: profile, jane: { ...profile, userName: 'jane@example.com' } });
    for (const name of ['team', 'jane', 'team', 'jane']) await api(name).presignUpload(`${name}.csv`);
    const [team, jane] = sandbox.files;
    expect(jane?.userId).not.toBe(team?.userId);
    expect(sandbox.files.map(({ userId }) => userId)).toEqual([
      team?.userId,
      jane?.userId,
      team?.userId,
      jane?.userId,
    ]);
    expect(sandbox.calls.filter(({ route }) => route === 'login')).toHaveLength(2);
  });

  it.each([
    [['team', 'jane'], 'it has "team", "jane"'],
    [[], 'it has none'],
  ])('lists the known profiles %j if the profile is unknown', async (names, profiles) => {
    const sandbox = await sandboxOfTwo();
    const { api } = accountsWith(Object.fromEntries(names.map((name) => [name, profileOf(sandbox)])));
    expect(() => api('default')).toThrow(
      expect.objectContaining({
        code: 'PROFILE_UNKNOWN',
        happened: `This worker has no Aplos profile "default"; ${profiles}`,
      }),
    );
  });

  it('throws a final error for a wrong password, an unknown user, a challenge or an unknown client', async () => {
    const sandbox = await sandboxOfTwo();
    const profile = profileOf(sandbox);
    const { api } = accountsWith({
      wrong: { ...profile, password: new Secret('wrong') },
      nobody: { ...profile, userName: 'nobody@example.com' },
      newcomer: { ...profile, userName: 'new@example.com' },
      unknownClient: { ...profile, clientId: 'unknown' },
    });
    const codes = await Promise.all(
      ['wrong', 'nobody', 'newcomer', 'unknownClient'].map((name) =>
        api(name)
          .listExecutions()
          .catch(({ code, retryable }) => [code, retryable]),
      ),
    );
    expect(codes).toEqual([
      ['LOGIN_REFUSED', false],
      ['LOGIN_USER_UNKNOWN', false],
      ['LOGIN_CHALLENGE', false],
      ['LOGIN_UNEXPECTED', false],
    ]);
  });

  it('does not discover the user pool if client ID and endpoint are configured', async () => {
    const { sandbox } = await account({ s3 });
    const { api } = accountsWith({ team: { ...profileOf(sandbox), clientId: sandbox.clientId } });
    await api('team').listExecutions();
    expect(sandbox.calls.map(({ route }) => route)).toEqual(['login', 'list']);
  });
});

async function sandboxOfTwo(): Promise<Sandbox> {
  const sandbox = await startSandbox({
    s3,
    users: [
      { userName: 'team@example.com', password: 'right' },
      { userName: 'jane@example.com', password: 'right' },
      { userName: 'new@example.com', password: 'right', challenge: 'NEW_PASSWORD_REQUIRED' },
    ],
  });
  onTestFinished(() => sandbox.stop());
  return sandbox;
}

function accountsWith(profiles: Record<string, AplosProfile>) {
  const accounts = new AplosAccounts(new Map(Object.entries(profiles)), dispatcher());
  return { api: (name: string) => accounts.api(name) };
}
