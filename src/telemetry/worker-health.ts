import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';
import type { AplosAccounts } from '../aplos/accounts.js';
import type { Login } from '../aplos/connection.js';
import { UploadError } from '../contract/errors.js';
import { cannotListen, type ListenAddress } from '../http/listen-address.js';
import { type TemporalTarget, temporalUnreachable } from '../temporal/connection.js';
import { type Dependency, type HealthServer, startHealthServer } from './health-server.js';

const TEMPORAL_EVERY_MS = 2_000;
const TEMPORAL_PATIENCE_MS = 2_000;

/** Cognito locks an account that is refused too often. Logins for uploads are told in between. */
const LOGIN_EVERY_MS = 5 * 60_000;

/** Where nothing was refused, but Cognito or Aplos was not there. */
const LOGIN_AGAIN_MS = 15_000;

/** What the health of a worker is told from. */
export interface WorkerHealthOptions {
  readonly listen: ListenAddress;
  /** Of the workers of this process, as Temporal's SDK names it. */
  readonly states: () => readonly string[];
  readonly connection: NativeConnection;
  readonly target: Pick<TemporalTarget, 'address' | 'namespace'>;
  readonly accounts: AplosAccounts;
  readonly profiles: Iterable<string>;
}

/** Tells how a worker is, to whoever asks. */
export interface WorkerHealth extends HealthServer {
  /** A login of an account, or a renewal of its token. */
  recordLogin(profile: string, login: Login): void;
}

/**
 * Serves the health of a worker: that it takes work, that Temporal answers, and that each account can log in.
 *
 * @throws UploadError `SETTINGS_INVALID` where it cannot listen
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

/** Where one has failed the process ends, though the other still drains. */
const worstOf = (states: readonly string[]): string =>
  states.find((state) => state === 'FAILED') ?? states.find((state) => state !== 'RUNNING') ?? 'RUNNING';

/** That it answers, and still lets us into the namespace. */
export const temporalDependency = ({
  connection,
  target,
}: Pick<WorkerHealthOptions, 'connection' | 'target'>): Dependency => ({
  name: 'temporal',
  nextCheckMs: () => TEMPORAL_EVERY_MS,
  check: async () => {
    const { namespace } = target;
    const asked = connection.withDeadline(Date.now() + TEMPORAL_PATIENCE_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    try {
      await Promise.race([asked, noAnswer()]);
    } catch (error) {
      throw temporalUnreachable(target, error);
    }
  },
});

/** Core tries a call again for seconds, whatever its deadline and its signal. */
async function noAnswer(): Promise<never> {
  await sleep(TEMPORAL_PATIENCE_MS, undefined, { ref: false });
  throw new Error(`no answer in ${TEMPORAL_PATIENCE_MS / 1000} s`);
}

/** That an account can log in. Where it is refused it is seldom tried again, as that may lock it. */
export const loginDependency = (profile: string, accounts: AplosAccounts): Dependency => ({
  name: loginOf(profile),
  nextCheckMs: (error) => (error instanceof UploadError && error.retryable ? LOGIN_AGAIN_MS : LOGIN_EVERY_MS),
  check: () => accounts.logIn(profile),
});

const loginOf = (profile: string): string => `login ${profile}`;
