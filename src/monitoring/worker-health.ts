import type { NativeConnection } from '@temporalio/worker';
import type { AplosAccounts } from '../aplos/accounts.js';
import type { Login } from '../aplos/session.js';
import type { ListenAddress } from '../config.js';
import { cannotListen } from './cannot-listen.js';
import { type HealthServer, type Need, startHealthServer } from './health.js';

const TEMPORAL_EVERY_MS = 2_000;
const TEMPORAL_PATIENCE_MS = 2_000;

/** Cognito locks an account that is refused too often. Logins for uploads are told in between. */
const LOGIN_EVERY_MS = 5 * 60_000;

/** What the health of a worker is told from. */
export interface WorkerHealthOptions {
  readonly listen: ListenAddress;
  /** Of the workers of this process, as Temporal's SDK names it. */
  readonly states: () => readonly string[];
  readonly connection: NativeConnection;
  readonly accounts: AplosAccounts;
  readonly profiles: Iterable<string>;
}

/** Tells how a worker is, to whoever asks. */
export interface WorkerHealth extends HealthServer {
  /** A login of an account, or a renewal of its token. */
  loggedIn(profile: string, login: Login): void;
}

/**
 * Serves the health of a worker: that it takes work, that Temporal answers, and that each account can log in.
 *
 * @throws UploadError `SETTINGS_INVALID` where it cannot listen
 */
export async function startWorkerHealth(options: WorkerHealthOptions): Promise<WorkerHealth> {
  const { listen, states, connection, accounts, profiles } = options;
  const server = await startHealthServer({
    ...listen,
    workerState: () => states().find((state) => state !== 'RUNNING') ?? 'RUNNING',
    needs: [temporalNeed(connection), ...[...profiles].map((profile) => loginNeed(profile, accounts))],
  }).catch((cause: unknown) => {
    throw cannotListen('APLOS_UPLOAD_HEALTH', listen, cause);
  });
  return {
    ...server,
    loggedIn: (profile, { how, error }) => {
      if (how === 'password' || error === undefined) server.note(loginOf(profile), error);
    },
  };
}

const temporalNeed = (connection: NativeConnection): Need => ({
  name: 'temporal',
  everyMs: TEMPORAL_EVERY_MS,
  look: async () => {
    const patience = AbortSignal.timeout(TEMPORAL_PATIENCE_MS);
    await connection.withAbortSignal(patience, () => connection.workflowService.getSystemInfo({}));
  },
});

const loginNeed = (profile: string, accounts: AplosAccounts): Need => ({
  name: loginOf(profile),
  everyMs: LOGIN_EVERY_MS,
  look: () => accounts.logIn(profile),
});

const loginOf = (profile: string): string => `login ${profile}`;
