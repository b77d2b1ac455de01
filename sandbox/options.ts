import type { S3Bucket } from './object-store.js';
import type { DialectName } from './v3/dialects.js';

/** A user who may log in. */
export interface SandboxUser {
  readonly userName: string;
  readonly password: string;
  /** Challenge with which Cognito responds to the login, e.g. `NEW_PASSWORD_REQUIRED`. Default: none. */
  readonly challenge?: string;
  /** Default: random. */
  readonly tenantId?: string;
  /** Default: random. */
  readonly userId?: string;
}

/** Versions of the API that a sandbox speaks. */
export type SpokenVersions = 'v1' | 'v3' | 'both';

/** State of the subscription, as Aplos reports it. */
export type SubscriptionStatus = 'active' | 'restricted' | 'expired' | 'disabled';

/** How an execution ends without results. `running`: it does not end. */
export interface ExecutionEnd {
  readonly status: 'failed' | 'rejected' | 'cancelled' | 'timed_out' | 'running';
  readonly errors: readonly string[];
}

/** Options of a sandbox. */
export interface SandboxOptions {
  /** Bucket to use. The sandbox does not stop its server. Default: a server of its own. */
  readonly s3?: S3Bucket;
  /** Port of the API and Cognito. Default: a free port. */
  readonly port?: number;
  /** Port of the S3 proxy. Default: a free port. */
  readonly s3Port?: number;
  /** Versions of the API that the sandbox speaks. The paths of the others are unknown. Default: `v1`. */
  readonly api?: SpokenVersions;
  /** Source that version 3 follows: see {@link DialectName}. Default: `r`. */
  readonly dialect?: DialectName;
  /** Number of executions on a page of version 3. Default: 100. */
  readonly pageSize?: number;
  /** Status of the subscription. Default: `active`. */
  readonly subscription?: SubscriptionStatus;
  /** Number of executions of a user that run at a time; the others are queued. Default: no limit. */
  readonly maxConcurrent?: number;
  /** Number of executions of a user that may be queued. More starts are refused with 429. Default: no limit. */
  readonly maxQueued?: number;
  /** Minimum time between two starts of a user, in milliseconds. Earlier ones are refused with 429. Default: 0. */
  readonly minIntervalMs?: number;
  /** Number of starts of a user in an hour. Further ones are accepted as `throttled`. Default: no limit. */
  readonly maxPerHour?: number;
  /** Delay of a throttled execution, in milliseconds. Default: 60,000. */
  readonly throttleMs?: number;
  /** Number of starts of a user in a day. Further ones are `rejected`, and not charged. Default: no limit. */
  readonly maxPerDay?: number;
  /** Latency added to every call, in milliseconds. Default: 0. */
  readonly latencyMs?: number;
  /** Users who may log in. Default: one user. */
  readonly users?: readonly [SandboxUser, ...SandboxUser[]];
  /** Lifetime of an ID token in seconds. Default: 3600. */
  readonly idTokenSeconds?: number;
  /** Lifetime of a presigned POST in seconds. Default: 3600. */
  readonly presignSeconds?: number;
  /** Lifetime of a presigned link to results in seconds. Default: 3600. */
  readonly downloadSeconds?: number;
  /** Returns the results zip that is stored, given the correct one. Default: that one. */
  readonly changeResults?: (zip: Uint8Array) => Uint8Array;
  /** Fields of the presign response: `file` for `file` and `s3`; `s3` for the older response without `file`. Default: `file`. */
  readonly presignShape?: 'file' | 's3';
  /** Minimum file size that the policy allows, in bytes. Default: 1. */
  readonly minFileBytes?: number;
  /** Maximum file size that the policy allows, in bytes. Default: 5 GiB. */
  readonly maxFileBytes?: number;
  /** Time that a file is `converting` after its upload, in milliseconds. Default: 0. */
  readonly conversionMs?: number;
  /** Time that an execution is `queuing`, and then `running`, in milliseconds each. Default: 300. */
  readonly stepMs?: number;
  /** Number of executions that the subscription allows. Default: 10,000. */
  readonly allocation?: number;
  /** Number of completed executions that the list shows from the beginning, for every user. They are not charged. Default: 0. */
  readonly pastExecutions?: number;
  /** Returns why a configuration is refused, or `undefined` to accept it. Default: accepts all. */
  readonly refuseConfiguration?: (configuration: Readonly<Record<string, unknown>>) => string | undefined;
  /** Returns how the executions of a configuration end instead of by their analysis. Default: by their analysis. */
  readonly endExecution?: (configuration: Readonly<Record<string, unknown>>) => ExecutionEnd | undefined;
  /** Returns the warnings about a configuration. Default: none. */
  readonly warn?: (configuration: Readonly<Record<string, unknown>>) => readonly string[];
  /** Returns the name of an execution in version 3, given the one that was sent. Default: that one, or none. */
  readonly nameExecution?: (name: string | undefined) => string | undefined;
  /**
   * Folder of cases, `NAME/{input.csv, config.json, pk-results-expected.csv}`. An execution of the input and configuration of a case
   * gives its expected results. Default: none.
   */
  readonly cases?: string;
  /** Seed of the random generator for faults with a `chance`. Default: 1. */
  readonly seed?: number;
}

/** The options with their defaults filled in, except `s3`, ports and cases. */
export type SandboxSettings = {
  -readonly [Name in keyof Required<
    Omit<SandboxOptions, 's3' | 'port' | 's3Port' | 'cases'>
  >]: Required<SandboxOptions>[Name];
};

/** Fills in the defaults. */
export const withDefaults = (options: SandboxOptions): SandboxSettings => ({
  api: options.api ?? 'v1',
  dialect: options.dialect ?? 'r',
  pageSize: options.pageSize ?? 100,
  subscription: options.subscription ?? 'active',
  maxConcurrent: options.maxConcurrent ?? Number.POSITIVE_INFINITY,
  maxQueued: options.maxQueued ?? Number.POSITIVE_INFINITY,
  minIntervalMs: options.minIntervalMs ?? 0,
  maxPerHour: options.maxPerHour ?? Number.POSITIVE_INFINITY,
  throttleMs: options.throttleMs ?? 60_000,
  maxPerDay: options.maxPerDay ?? Number.POSITIVE_INFINITY,
  latencyMs: options.latencyMs ?? 0,
  users: options.users ?? [{ userName: 'pharmacometrics@example.com', password: 'Sandbox-only-1' }],
  idTokenSeconds: options.idTokenSeconds ?? 3600,
  presignSeconds: options.presignSeconds ?? 3600,
  downloadSeconds: options.downloadSeconds ?? 3600,
  changeResults: options.changeResults ?? ((zip) => zip),
  presignShape: options.presignShape ?? 'file',
  minFileBytes: options.minFileBytes ?? 1,
  maxFileBytes: options.maxFileBytes ?? 5 * 1024 ** 3,
  conversionMs: options.conversionMs ?? 0,
  stepMs: options.stepMs ?? 300,
  allocation: options.allocation ?? 10_000,
  pastExecutions: options.pastExecutions ?? 0,
  refuseConfiguration: options.refuseConfiguration ?? (() => undefined),
  endExecution: options.endExecution ?? (() => undefined),
  warn: options.warn ?? (() => []),
  nameExecution: options.nameExecution ?? ((name) => name),
  seed: options.seed ?? 1,
});
