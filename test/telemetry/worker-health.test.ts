import type { NativeConnection } from '@temporalio/worker';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AplosAccounts } from '../../src/aplos/accounts.js';
import { UploadError } from '../../src/contract/errors.js';
import {
  loginDependency,
  startWorkerHealth,
  temporalDependency,
  type WorkerHealthOptions,
} from '../../src/telemetry/worker-health.js';

const target = { address: 'temporal.example.com:7233', namespace: 'study' };

/** A connection with this `describeNamespace`. Like the SDK's, it ignores its deadline. */
const connectionWith = (describeNamespace: (request: { namespace: string }) => Promise<object>) =>
  ({
    withDeadline: (_deadline: number, ask: () => Promise<object>) => ask(),
    workflowService: { describeNamespace },
  }) as unknown as NativeConnection;

async function serve(changes: Partial<WorkerHealthOptions> = {}) {
  const health = await startWorkerHealth({
    listen: { host: '127.0.0.1', port: 0 },
    states: () => ['RUNNING'],
    connection: connectionWith(async () => ({})),
    target,
    accounts: accepting,
    profiles: [],
    ...changes,
  });
  onTestFinished(() => health.stop());
  const checks = async (path = 'readyz') => {
    const response = await fetch(`${health.url}/${path}`);
    return {
      code: response.status,
      ...((await response.json()) as { checks: Record<string, string> }).checks,
    };
  };
  return { health, checks };
}

const refused = new UploadError('LOGIN_REFUSED', 'Cognito refused the login');
const accepting = { logIn: async () => {} } as unknown as AplosAccounts;

describe('startWorkerHealth', () => {
  it.each([
    [['RUNNING', 'RUNNING'], 'RUNNING', 200],
    [['RUNNING', 'DRAINING'], 'DRAINING', 200],
    [['DRAINING', 'FAILED'], 'FAILED', 503],
  ])('reports the worst state of its Workers: %s', async (states, worker, healthz) => {
    const { checks } = await serve({ states: () => states });
    expect(await checks('healthz')).toEqual({ code: healthz, worker });
  });

  it('reports that Temporal denies access to the namespace', async () => {
    const namespaces: string[] = [];
    const connection = connectionWith(async ({ namespace }) => {
      namespaces.push(namespace);
      throw new Error('Status { code: PermissionDenied, message: "Request unauthorized." }');
    });
    const { checks } = await serve({ connection });
    await expect.poll(checks).toEqual({
      code: 503,
      worker: 'RUNNING',
      temporal: expect.stringMatching(
        /^TEMPORAL_ACCESS_DENIED: Temporal at temporal\.example\.com:7233 denies access to the namespace "study" \(Request unauthorized\.\)/,
      ),
    });
    expect(new Set(namespaces)).toEqual(new Set(['study']));
  });

  it('stops waiting for Temporal after 2 seconds', async () => {
    const connection = connectionWith(() => new Promise(() => {}));
    await expect(temporalDependency({ connection, target }).check()).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: expect.stringContaining('(no response within 2 s)'),
    });
  });

  it('reports whether each profile can log in', async () => {
    const accounts = {
      logIn: async (profile: string) => {
        if (profile === 'b') throw refused;
      },
    } as AplosAccounts;
    const { checks } = await serve({ accounts, profiles: ['a', 'b'] });
    await expect.poll(checks).toMatchObject({
      code: 503,
      temporal: 'ok',
      'login a': 'ok',
      'login b': expect.stringMatching(/^LOGIN_REFUSED: /),
    });
  });

  it('records logins for uploads between its own checks, except a refused renewal, which a login may follow', async () => {
    const { health, checks } = await serve({ accounts: accepting, profiles: ['a'] });
    await expect.poll(checks).toMatchObject({ code: 200 });
    health.recordLogin('a', { method: 'refresh', error: refused });
    expect(await checks()).toMatchObject({ code: 200 });
    health.recordLogin('a', { method: 'password', error: refused });
    expect(await checks()).toMatchObject({ code: 503, 'login a': expect.stringMatching(/^LOGIN_REFUSED: /) });
    health.recordLogin('a', { method: 'refresh' });
    expect(await checks()).toMatchObject({ code: 200 });
  });

  it('checks a login again soon if Cognito was unavailable, and rarely if it refused', () => {
    const { nextCheckMs } = loginDependency('default', accepting);
    const unavailable = new UploadError('LOGIN_UNAVAILABLE', 'Cognito does not answer');
    expect(nextCheckMs(unavailable)).toBe(15_000);
    expect(nextCheckMs(refused)).toBe(300_000);
    expect(nextCheckMs(undefined)).toBe(300_000);
  });
});
