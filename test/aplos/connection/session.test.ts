import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Sandbox } from '../../../sandbox/sandbox.js';
import { NO_BUCKET } from '../../support/bucket.js';
import { account } from '../../support/fake-aplos.js';

const s3 = NO_BUCKET;

afterEach(() => {
  vi.useRealTimers();
});

const twentyTimes = <Result>(call: () => Promise<Result>) => Promise.all(Array.from({ length: 20 }, call));
const routes = ({ calls }: Sandbox) => calls.map(({ route }) => route);
const logins = (sandbox: Sandbox) =>
  routes(sandbox).filter((route) => route === 'login' || route === 'refresh');

function freezeClock(): (seconds: number) => void {
  vi.useFakeTimers({ toFake: ['Date'] });
  return (seconds) => void vi.setSystemTime(Date.now() + seconds * 1000);
}

describe('Session', () => {
  it('discovers the user pool and logs in once for simultaneous calls', async () => {
    const { sandbox, api } = await account({ s3 });
    await twentyTimes(() => api.presignUpload('pk.csv'));
    expect(routes(sandbox).slice(0, 2)).toEqual(['discovery', 'login']);
    expect(routes(sandbox).slice(2)).toEqual(Array(20).fill('presign'));
  });

  it('keeps the login for later calls', async () => {
    const { sandbox, api } = await account({ s3 });
    await api.listExecutions();
    await api.presignUpload('pk.csv');
    expect(logins(sandbox)).toEqual(['login']);
  });

  it.each([
    { lifetime: 3600, after: 3299, renewed: false },
    { lifetime: 3600, after: 3301, renewed: true },
    { lifetime: 600, after: 479, renewed: false },
    { lifetime: 600, after: 481, renewed: true },
  ])(
    'given a token lifetime of $lifetime s and a call after $after s, renews the token: $renewed',
    async ({ lifetime, after, renewed }) => {
      const advance = freezeClock();
      const { sandbox, api } = await account({ s3, idTokenSeconds: lifetime });
      await api.listExecutions();
      advance(after);
      await twentyTimes(() => api.presignUpload('pk.csv'));
      expect(logins(sandbox)).toEqual(renewed ? ['login', 'refresh'] : ['login']);
    },
  );

  it('uses the same refresh token for every renewal', async () => {
    const advance = freezeClock();
    const { sandbox, api } = await account({ s3 });
    for (let hour = 0; hour < 3; hour++) {
      await api.listExecutions();
      advance(3600);
    }
    expect(logins(sandbox)).toEqual(['login', 'refresh', 'refresh']);
  });

  it('logs in with the password if the refresh token is refused', async () => {
    const advance = freezeClock();
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'refresh', expire: 'token' });
    for (let hour = 0; hour < 3; hour++) {
      await api.listExecutions();
      advance(3600);
    }
    expect(logins(sandbox)).toEqual(['login', 'refresh', 'login', 'refresh']);
  });

  it('does not log in with the password if the renewal is throttled', async () => {
    const advance = freezeClock();
    const { sandbox, api } = await account({ s3 });
    await api.listExecutions();
    advance(3600);
    sandbox.faults.add({ route: 'refresh', status: 400 });
    await expect(api.listExecutions()).rejects.toMatchObject({ code: 'LOGIN_THROTTLED', retryable: true });
    expect(logins(sandbox)).toEqual(['login', 'refresh']);
    await api.listExecutions();
    expect(logins(sandbox)).toEqual(['login', 'refresh', 'refresh']);
  });

  it('rejects all calls that wait for a failed login, and logs in again for the next call', async () => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'login', status: 500 });
    const outcomes = await twentyTimes(() => api.presignUpload('pk.csv').catch(({ code }) => code));
    expect(outcomes).toEqual(Array(20).fill('LOGIN_UNAVAILABLE'));
    expect(await api.listExecutions()).toEqual([]);
    expect(logins(sandbox)).toEqual(['login', 'login']);
  });
});

describe('Session, when Aplos refuses a token', () => {
  it('logs in again and repeats the call', async () => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'list', expire: 'token' });
    expect(await api.listExecutions()).toEqual([]);
    expect(sandbox.calls.map(({ route, status }) => `${route} ${status}`)).toEqual([
      'discovery 200',
      'login 200',
      'list 403',
      'login 200',
      'list 200',
    ]);
  });

  it('renews it once for simultaneous calls', async () => {
    const { sandbox, api } = await account({ s3 });
    await api.listExecutions();
    sandbox.faults.add({ route: 'list', expire: 'token' });
    await twentyTimes(() => api.listExecutions());
    expect(logins(sandbox)).toEqual(['login', 'login']);
  });

  it('renews it for the next call if the renewal failed', async () => {
    const { sandbox, api } = await account({ s3 });
    await api.listExecutions();
    sandbox.faults.add({ route: 'list', expire: 'token' });
    sandbox.faults.add({ route: 'login', status: 500 });
    await expect(api.listExecutions()).rejects.toMatchObject({ code: 'LOGIN_UNAVAILABLE', retryable: true });
    expect(await api.listExecutions()).toEqual([]);
  });

  it.each([
    [401, 'API_TOKEN_REFUSED'],
    [403, 'API_FORBIDDEN'],
  ])('with status %i although it is fresh, renews it at most every 30 s', async (status, code) => {
    const advance = freezeClock();
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'list', status, times: 'always' });
    const refused = () => expect(api.listExecutions()).rejects.toMatchObject({ code, retryable: false });
    await twentyTimes(refused);
    await refused();
    advance(29);
    await refused();
    expect(logins(sandbox)).toEqual(['login', 'login']);
    advance(1);
    await refused();
    expect(logins(sandbox)).toEqual(['login', 'login', 'login']);
  });

  it('that it accepted before, less than 30 s after the last renewal, waits and logs in again', async () => {
    const advance = freezeClock();
    const { sandbox, api } = await account({ s3 });
    for (let times = 0; times < 2; times++) {
      sandbox.faults.add({ route: 'list', expire: 'token' });
      const listed = api.listExecutions();
      if (times > 0) advance(0.1);
      expect(await listed).toEqual([]);
      advance(29.9);
    }
    expect(logins(sandbox)).toEqual(['login', 'login', 'login']);
  });

  it('that a renewal has just brought, logs in with the password', async () => {
    const advance = freezeClock();
    const { sandbox, api } = await account({ s3 });
    await api.listExecutions();
    advance(3600);
    sandbox.faults.add({ route: 'list', expire: 'token' });
    expect(await api.listExecutions()).toEqual([]);
    expect(logins(sandbox)).toEqual(['login', 'refresh', 'login']);
  });

  it('throws the error of the login if the login is refused too', async () => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'list', expire: 'token' });
    await api.presignUpload('pk.csv');
    sandbox.faults.add({ route: 'login', status: 400, body: { __type: 'NotAuthorizedException' } });
    await expect(api.listExecutions()).rejects.toMatchObject({ code: 'LOGIN_REFUSED', retryable: false });
    expect(logins(sandbox)).toEqual(['login', 'login']);
  });
});
