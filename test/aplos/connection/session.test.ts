import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Sandbox } from '../../../sandbox/sandbox.js';
import { type Seaweed, startSeaweed } from '../../../sandbox/servers/seaweed.js';
import { account } from '../../support/fake-aplos.js';

let s3: Seaweed;

beforeAll(async () => {
  s3 = await startSeaweed();
});
afterAll(() => s3?.stop());
afterEach(() => {
  vi.useRealTimers();
});

const many = <Result>(call: () => Promise<Result>) => Promise.all(Array.from({ length: 20 }, call));
const routes = ({ calls }: Sandbox) => calls.map(({ route }) => route);
const logins = (sandbox: Sandbox) =>
  routes(sandbox).filter((route) => route === 'login' || route === 'refresh');

function stopTheClock(): (seconds: number) => void {
  vi.useFakeTimers({ toFake: ['Date'] });
  return (seconds) => void vi.setSystemTime(Date.now() + seconds * 1000);
}

describe('a login', () => {
  it('is one for all the calls that come at once, and so is the discovery of where to log in', async () => {
    const { sandbox, api } = await account({ s3 });
    await many(() => api.presignUpload('pk.csv'));
    expect(routes(sandbox).slice(0, 2)).toEqual(['discovery', 'login']);
    expect(routes(sandbox).slice(2)).toEqual(Array(20).fill('presign'));
  });

  it('serves the calls that come later, too', async () => {
    const { sandbox, api } = await account({ s3 });
    await api.listExecutions();
    await api.presignUpload('pk.csv');
    expect(logins(sandbox)).toEqual(['login']);
  });

  it.each([
    { life: 3600, after: 3299, renewed: false },
    { life: 3600, after: 3301, renewed: true },
    { life: 600, after: 479, renewed: false },
    { life: 600, after: 481, renewed: true },
  ])(
    'of $life s is renewed by its refresh token before it runs out: $renewed after $after s',
    async ({ life, after, renewed }) => {
      const pass = stopTheClock();
      const { sandbox, api } = await account({ s3, idTokenSeconds: life });
      await api.listExecutions();
      pass(after);
      await many(() => api.presignUpload('pk.csv'));
      expect(logins(sandbox)).toEqual(renewed ? ['login', 'refresh'] : ['login']);
    },
  );

  it('is renewed again and again by the one refresh token', async () => {
    const pass = stopTheClock();
    const { sandbox, api } = await account({ s3 });
    for (let hour = 0; hour < 3; hour++) {
      await api.listExecutions();
      pass(3600);
    }
    expect(logins(sandbox)).toEqual(['login', 'refresh', 'refresh']);
  });

  it('is made anew with the password when the refresh token is refused', async () => {
    const pass = stopTheClock();
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'refresh', expire: 'token' });
    for (let hour = 0; hour < 3; hour++) {
      await api.listExecutions();
      pass(3600);
    }
    expect(logins(sandbox)).toEqual(['login', 'refresh', 'login', 'refresh']);
  });

  it('is not made with the password when a refresh is throttled, which would only add to it', async () => {
    const pass = stopTheClock();
    const { sandbox, api } = await account({ s3 });
    await api.listExecutions();
    pass(3600);
    sandbox.faults.add({ route: 'refresh', status: 400 });
    await expect(api.listExecutions()).rejects.toMatchObject({ code: 'LOGIN_THROTTLED', retryable: true });
    expect(logins(sandbox)).toEqual(['login', 'refresh']);
    await api.listExecutions();
    expect(logins(sandbox)).toEqual(['login', 'refresh', 'refresh']);
  });

  it('that fails fails all who wait for it, and is tried again by who comes next', async () => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'login', status: 500 });
    const outcomes = await many(() => api.presignUpload('pk.csv').catch(({ code }) => code));
    expect(outcomes).toEqual(Array(20).fill('LOGIN_UNAVAILABLE'));
    expect(await api.listExecutions()).toEqual([]);
    expect(logins(sandbox)).toEqual(['login', 'login']);
  });
});

describe('a token that the service refuses', () => {
  it('is renewed once, and the call is made again', async () => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'list', expire: 'token' });
    expect(await api.listExecutions()).toEqual([]);
    expect(sandbox.calls.map(({ route, status }) => `${route} ${status}`)).toEqual([
      'discovery 200',
      'login 200',
      'list 403',
      'refresh 200',
      'list 200',
    ]);
  });

  it('is renewed once for all the calls that it was refused to', async () => {
    const { sandbox, api } = await account({ s3 });
    await api.listExecutions();
    sandbox.faults.add({ route: 'list', expire: 'token' });
    await many(() => api.listExecutions());
    expect(logins(sandbox)).toEqual(['login', 'refresh']);
  });

  it('is renewed by the next call when the renewal failed', async () => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'list', expire: 'token' });
    sandbox.faults.add({ route: 'refresh', status: 500 });
    await expect(api.listExecutions()).rejects.toMatchObject({ code: 'LOGIN_UNAVAILABLE', retryable: true });
    expect(await api.listExecutions()).toEqual([]);
  });

  it.each([
    [401, 'API_TOKEN_REFUSED'],
    [403, 'API_FORBIDDEN'],
  ])('with %i, fresh as it is, is renewed every 30 s at most', async (status, code) => {
    const pass = stopTheClock();
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'list', status, times: 'always' });
    const refused = () => expect(api.listExecutions()).rejects.toMatchObject({ code, retryable: false });
    await many(refused);
    await refused();
    pass(29);
    await refused();
    expect(logins(sandbox)).toEqual(['login', 'refresh']);
    pass(1);
    await refused();
    expect(logins(sandbox)).toEqual(['login', 'refresh', 'refresh']);
  });

  it('leads to the error of the login where that is refused, too', async () => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'list', expire: 'token' });
    sandbox.faults.add({ route: 'refresh', expire: 'token' });
    await api.presignUpload('pk.csv');
    sandbox.faults.add({ route: 'login', status: 400, body: { __type: 'NotAuthorizedException' } });
    await expect(api.listExecutions()).rejects.toMatchObject({ code: 'LOGIN_REFUSED', retryable: false });
    expect(logins(sandbox)).toEqual(['login', 'refresh', 'login']);
  });
});
