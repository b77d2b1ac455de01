import type { Dispatcher } from 'undici';
import { UploadError } from '../contract/errors.js';
import type { AplosProfile } from '../settings/settings.js';
import { quote } from '../util/quote.js';
import type { AplosApi } from './api.js';
import { AutoVersion } from './auto-version.js';
import { AplosConnection, type Login } from './connection.js';
import { type AwaitedExecutions, ExecutionChecks } from './execution-checks.js';
import { ExecutionList } from './execution-list.js';
import { StartGate } from './start-gate.js';
import { AplosV1 } from './v1/v1.js';
import { AplosV3 } from './v3/v3.js';

/** Creates the API in each version. `auto` asks the host for the version. */
const dialects: Readonly<
  Record<AplosProfile['apiVersion'], (connection: AplosConnection, profile: AplosProfile) => AplosApi>
> = {
  v1: (connection) => new AplosV1(connection),
  v3: (connection, profile) => new AplosV3(connection, profile),
  auto: (connection, profile) =>
    new AutoVersion(connection, (version) => dialects[version](connection, profile)),
};

/** Callbacks of the accounts. */
export interface AccountsOptions {
  /** Called after every login and token renewal, successful or not. Default: not called */
  readonly onLogin?: (profileName: string, login: Login) => void;
  /** Called when an execution appears in the list, with the seconds for which it was missing. Default: not called */
  readonly onListLag?: (profileName: string, seconds: number) => void;
  /** Called whenever Aplos did not take a start because of a limit. Default: not called */
  readonly onStartRefused?: (profileName: string) => void;
}

/** The Aplos accounts of this process. All users of an account share one login. */
export class AplosAccounts {
  readonly #profiles: ReadonlyMap<string, AplosProfile>;
  readonly #dispatcher: Dispatcher;
  readonly #options: AccountsOptions;
  readonly #accounts = new Map<string, Account>();

  constructor(
    profiles: ReadonlyMap<string, AplosProfile>,
    dispatcher: Dispatcher,
    options: AccountsOptions = {},
  ) {
    this.#profiles = profiles;
    this.#dispatcher = dispatcher;
    this.#options = options;
  }

  /**
   * Returns the API as the user of a profile.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`
   */
  api(profileName: string): AplosApi {
    return this.#account(profileName).api;
  }

  /**
   * Returns the executions of a profile, shared by everyone who looks for one.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`
   */
  executions(profileName: string): ExecutionList {
    return this.#account(profileName).executions;
  }

  /**
   * Returns the checks of executions of a profile that somebody waits for.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`
   */
  checks(profileName: string): ExecutionChecks {
    return this.#account(profileName).checks;
  }

  /**
   * Returns the gate that paces the starts of a profile.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`
   */
  starts(profileName: string): StartGate {
    return this.#account(profileName).starts;
  }

  /**
   * Logs in, unless the current token is still valid.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`, a `LOGIN_…` code, or an `API_…` code from the discovery of the user pool
   */
  async logIn(profileName: string): Promise<void> {
    await this.#account(profileName).connection.logIn();
  }

  /**
   * Returns the ID of the tenant that a profile belongs to. Logs in if necessary.
   *
   * @throws {@link UploadError} as {@link logIn} does
   */
  tenantId(profileName: string): Promise<string> {
    return this.#account(profileName).connection.tenantId();
  }

  #account(profileName: string): Account {
    const existing = this.#accounts.get(profileName);
    if (existing) return existing;
    const profile = this.#profiles.get(profileName);
    if (!profile) throw this.#profileUnknown(profileName);
    const connection = new AplosConnection(profile, this.#dispatcher, (login) =>
      this.#options.onLogin?.(profileName, login),
    );
    const api = dialects[profile.apiVersion](connection, profile);
    const awaited: AwaitedExecutions = new Map();
    const executions = this.#executionList(profileName, api, awaited);
    const account = {
      connection,
      api,
      executions,
      checks: new ExecutionChecks(api, executions, awaited),
      starts: new StartGate({ onRefused: () => this.#options.onStartRefused?.(profileName) }),
    };
    this.#accounts.set(profileName, account);
    return account;
  }

  #executionList(profileName: string, api: AplosApi, awaited: AwaitedExecutions): ExecutionList {
    return new ExecutionList(() => api.listExecutions(awaited), {
      onLag: (seconds) => this.#options.onListLag?.(profileName, seconds),
    });
  }

  #profileUnknown(profileName: string): UploadError {
    const names = [...this.#profiles.keys()].map(quote).join(', ');
    return new UploadError(
      'PROFILE_UNKNOWN',
      `This worker has no Aplos profile ${quote(profileName)}; it has ${names || 'none'}`,
    );
  }
}

interface Account {
  readonly connection: AplosConnection;
  readonly api: AplosApi;
  readonly executions: ExecutionList;
  readonly checks: ExecutionChecks;
  readonly starts: StartGate;
}
