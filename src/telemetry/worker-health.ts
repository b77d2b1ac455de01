import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';
import type { AplosAccounts } from '../aplos/accounts.js';
import type { Login } from '../aplos/connection.js';
import { UploadError } from '../contract/errors.js';
import { cannotListen, type ListenAddress } from '../http/listen-address.js';
import type { TemporalTarget } from '../temporal/connection.js';
import { temporalError } from '../temporal/errors.js';
import { type Dependency, type HealthServer, startHealthServer } from './health-server.js';

/** Interval of the checks of Temporal, in milliseconds. */
const TEMPORAL_INTERVAL_MS = 2_000;
const TEMPORAL_TIMEOUT_MS = 2_000;

/**
 * Interval of the login checks, in milliseconds. It is long because Cognito locks an account after too many refused logins.
 * Logins for uploads are recorded in between.
 */
const LOGIN_INTERVAL_MS = 5 * 60_000;

/** Interval of the login checks while Cognito or Aplos is unavailable, in milliseconds. */
const LOGIN_RETRY_MS = 15_000;

/** Checks of a worker's health endpoint, and the address it listens on. */
export interface WorkerHealthOptions {
  readonly listen: ListenAddress;
  /** Returns the state of each Worker of this process, as Temporal's SDK names it. */
  readonly states: () => readonly string[];
  readonly connection: NativeConnection;
  readonly target: Pick<TemporalTarget, 'address' | 'namespace'>;
  readonly accounts: AplosAccounts;
  readonly profiles: Iterable<string>;
}

/** The health endpoint of a worker. */
export interface WorkerHealth extends HealthServer {
  /** Records a login or token renewal of a profile, successful or not. */
  recordLogin(profile: string, login: Login): void;
}

/**
 * Serves the health of a worker: its state, access to the Temporal namespace, and the login of each profile.
 *
 * @throws UploadError `SETTINGS_INVALID` if it cannot listen
 */
export async function startWorkerHealth(options: WorkerHealthOptions): Promise<WorkerHealth> {
  const { listen, states, accounts, profiles } = options;
  const server = await startHealthServer({
    ...listen,
    workerState: () => worstOf(states()),
    dependencies: [
      temporalDependency(options),
      ...[...profiles].map((profile) => loginDependency(profile, accounts)),
    ],
  }).catch((cause: unknown) => {
    throw cannotListen('APLOS_UPLOAD_HEALTH', listen, cause);
  });
  return {
    ...server,
    recordLogin: (profile, { method, error }) => {
      if (method === 'password' || error === undefined) server.record(loginOf(profile), error);
    },
  };
}

/** Returns the worst state. A failed Worker comes first: the process exits, though the other one still drains. */
const worstOf = (states: readonly string[]): string =>
  states.find((state) => state === 'FAILED') ?? states.find((state) => state !== 'RUNNING') ?? 'RUNNING';

/** Returns the check that Temporal responds and allows access to the namespace. */
export const temporalDependency = ({
  connection,
  target,
}: Pick<WorkerHealthOptions, 'connection' | 'target'>): Dependency => ({
  name: 'temporal',
  nextCheckMs: () => TEMPORAL_INTERVAL_MS,
  check: async () => {
    const { namespace } = target;
    const response = connection.withDeadline(Date.now() + TEMPORAL_TIMEOUT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    try {
      await Promise.race([response, timeout()]);
    } catch (error) {
      throw temporalError(error, target, 'TEMPORAL_UNREACHABLE');
    }
  },
});

/** Rejects after the timeout: Temporal's core retries a call for seconds, regardless of its deadline and signal. */
async function timeout(): Promise<never> {
  await sleep(TEMPORAL_TIMEOUT_MS, undefined, { ref: false });
  throw new Error(`no response within ${TEMPORAL_TIMEOUT_MS / 1000} s`);
}

/** Returns the check that a profile can log in. A refused login is not retried soon, because that may lock the account. */
export const loginDependency = (profile: string, accounts: AplosAccounts): Dependency => ({
  name: loginOf(profile),
  nextCheckMs: (error) =>
    error instanceof UploadError && error.retryable ? LOGIN_RETRY_MS : LOGIN_INTERVAL_MS,
  check: () => accounts.logIn(profile),
});

const loginOf = (profile: string): string => `login ${profile}`;
