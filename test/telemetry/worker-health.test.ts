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

/** A connection whose server answers so. As the SDK's, it tries on when its time is over. */
const connectionThat = (describeNamespace: (request: { namespace: string }) => Promise<object>) =>
  ({
    withDeadline: (_deadline: number, ask: () => Promise<object>) => ask(),
    workflowService: { describeNamespace },
  }) as unknown as NativeConnection;

async function served(changes: Partial<WorkerHealthOptions> = {}) {
  const health = await startWorkerHealth({
    listen: { host: '127.0.0.1', port: 0 },
    states: () => ['RUNNING'],
    connection: connectionThat(async () => ({})),
    target,
    accounts: wellDisposed,
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
const wellDisposed = { logIn: async () => {} } as unknown as AplosAccounts;

describe('what the health of a worker is told from', () => {
  it.each([
    [['RUNNING', 'RUNNING'], 'RUNNING', 200],
    [['RUNNING', 'DRAINING'], 'DRAINING', 200],
    [['DRAINING', 'FAILED'], 'FAILED', 503],
  ])('is the worst of its workers: %s', async (states, worker, healthz) => {
    const { checks } = await served({ states: () => states });
    expect(await checks('healthz')).toEqual({ code: healthz, worker });
  });

  it('is whether Temporal lets it into its namespace', async () => {
    const asked: string[] = [];
    const connection = connectionThat(async ({ namespace }) => {
      asked.push(namespace);
      throw new Error('Status { code: PermissionDenied, message: "Request unauthorized." }');
    });
    const { checks } = await served({ connection });
    await expect.poll(checks).toEqual({
      code: 503,
      worker: 'RUNNING',
      temporal: expect.stringMatching(
        /^TEMPORAL_UNREACHABLE: Cannot reach Temporal at temporal\.example\.com:7233, namespace "study" \(Request unauthorized\.\)/,
      ),
    });
    expect(asked).toEqual(['study']);
  });

  it('does not wait for a Temporal that keeps silent', async () => {
    const connection = connectionThat(() => new Promise(() => {}));
    await expect(temporalDependency({ connection, target }).check()).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: expect.stringContaining('(no answer in 2 s)'),
    });
  });

  it('is whether each account can log in', async () => {
    const accounts = {
      logIn: async (profile: string) => {
        if (profile === 'b') throw refused;
      },
    } as AplosAccounts;
    const { checks } = await served({ accounts, profiles: ['a', 'b'] });
    await expect.poll(checks).toMatchObject({
      code: 503,
      temporal: 'ok',
      'login a': 'ok',
      'login b': expect.stringMatching(/^LOGIN_REFUSED: /),
    });
  });

  it('is told by the logins for uploads in between, but not by a renewal that another login may make good', async () => {
    const { health, checks } = await served({ accounts: wellDisposed, profiles: ['a'] });
    await expect.poll(checks).toMatchObject({ code: 200 });
    health.recordLogin('a', { method: 'refresh', error: refused });
    expect(await checks()).toMatchObject({ code: 200 });
    health.recordLogin('a', { method: 'password', error: refused });
    expect(await checks()).toMatchObject({ code: 503, 'login a': expect.stringMatching(/^LOGIN_REFUSED: /) });
    health.recordLogin('a', { method: 'refresh' });
    expect(await checks()).toMatchObject({ code: 200 });
  });

  it('tries a login again soon where Cognito was away, and seldom where it refused', () => {
    const { nextCheckMs } = loginDependency('default', wellDisposed);
    const unavailable = new UploadError('LOGIN_UNAVAILABLE', 'Cognito does not answer');
    expect(nextCheckMs(unavailable)).toBe(15_000);
    expect(nextCheckMs(refused)).toBe(300_000);
    expect(nextCheckMs(undefined)).toBe(300_000);
  });
});
