import type { S3Bucket } from './object-store.js';

/** Somebody who may log in. */
export interface SandboxUser {
  readonly userName: string;
  readonly password: string;
  /** Cognito answers the login with this challenge, e.g. `NEW_PASSWORD_REQUIRED`. Default: none. */
  readonly challenge?: string;
  /** Default: made up. */
  readonly tenantId?: string;
  /** Default: made up. */
  readonly userId?: string;
}

/** How to start a sandbox. Everything has a default. */
export interface SandboxOptions {
  /** Bucket to use. The sandbox does not stop its server. Default: a server of its own. */
  readonly s3?: S3Bucket;
  /** Of the API and Cognito. Default: a free one. */
  readonly port?: number;
  /** Of the S3 front. Default: a free one. */
  readonly s3Port?: number;
  /** A network's round trip, in milliseconds, added to every call. Default: 0. */
  readonly latencyMs?: number;
  /** Who may log in. Default: one user. */
  readonly users?: readonly [SandboxUser, ...SandboxUser[]];
  /** How long an id token lives, in seconds. Default: 3600. */
  readonly idTokenSeconds?: number;
  /** How long a presigned POST lives, in seconds. Default: 3600. */
  readonly presignSeconds?: number;
  /** `file`: presign answers with `file` and `s3`. `s3`: the older answer, without `file`. Default: `file`. */
  readonly presignShape?: 'file' | 's3';
  /** The fewest bytes of a file that the policy allows. Default: 1. */
  readonly minFileBytes?: number;
  /** The most bytes of a file that the policy allows. Default: 5 GiB. */
  readonly maxFileBytes?: number;
  /** How long a file is `converting` after its upload, in milliseconds. Default: 0. */
  readonly conversionMs?: number;
  /** How long an execution is `queuing`, and then `running`, in milliseconds each. Default: 300. */
  readonly stepMs?: number;
  /** How many executions the subscription allows. Default: 10 000. */
  readonly allocation?: number;
  /** Why a configuration is refused, or undefined if it is not. Default: none is. */
  readonly refuseConfiguration?: (configuration: Readonly<Record<string, unknown>>) => string | undefined;
  /** Seeds the dice of faults with a `chance`. Default: 1. */
  readonly seed?: number;
}

/** The options with their defaults filled in, `s3` and ports aside. */
export type SandboxSettings = Required<Omit<SandboxOptions, 's3' | 'port' | 's3Port'>>;

/** Fills in the defaults. */
export const withDefaults = (options: SandboxOptions): SandboxSettings => ({
  latencyMs: options.latencyMs ?? 0,
  users: options.users ?? [{ userName: 'pharmacometrics@example.com', password: 'Sandbox-only-1' }],
  idTokenSeconds: options.idTokenSeconds ?? 3600,
  presignSeconds: options.presignSeconds ?? 3600,
  presignShape: options.presignShape ?? 'file',
  minFileBytes: options.minFileBytes ?? 1,
  maxFileBytes: options.maxFileBytes ?? 5 * 1024 ** 3,
  conversionMs: options.conversionMs ?? 0,
  stepMs: options.stepMs ?? 300,
  allocation: options.allocation ?? 10_000,
  refuseConfiguration: options.refuseConfiguration ?? (() => undefined),
  seed: options.seed ?? 1,
});
