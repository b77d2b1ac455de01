import { devNull } from 'node:os';
import type { Readable } from 'node:stream';
import { apiRoutes } from './api.js';
import { serveApi } from './api-server.js';
import { knownResultsIn } from './cases.js';
import { Cognito } from './cognito.js';
import { type Charge, Executions } from './executions.js';
import { Faults } from './faults.js';
import { Files, type SandboxFile } from './files.js';
import type { RecordedCall } from './http.js';
import { ObjectStore, type S3Bucket } from './object-store.js';
import { type SandboxOptions, type SandboxSettings, withDefaults } from './options.js';
import { serveS3Proxy } from './s3-proxy.js';
import { startSeaweed } from './servers/seaweed.js';
import { dialects } from './v3/dialects.js';
import { routesV3 } from './v3/routes.js';

export type { Charge } from './executions.js';
export type { Fault, FaultAction, Faults, FaultTrigger, Route } from './faults.js';
export type { RecordedUpload, SandboxFile } from './files.js';
export type { RecordedCall } from './http.js';
export type { SandboxOptions, SandboxUser } from './options.js';

/** A local stand-in for Aplos NCA (versions 1 and 3 of its API), Amazon Cognito and Amazon S3. */
export interface Sandbox {
  /** Base URL of the API: `http://127.0.0.1:PORT`, with the path of the dialect. */
  readonly apiUrl: string;
  /** URL of Cognito's InitiateAuth. */
  readonly cognitoUrl: string;
  /** Base URL of presigned URLs. */
  readonly s3Url: string;
  /** Bucket that stores the files. */
  readonly s3: S3Bucket;
  /** The first user. */
  readonly user: { readonly userName: string; readonly password: string };
  /** Tenant of the first user. */
  readonly tenantId: string;
  /** ID of the first user. */
  readonly userId: string;
  readonly clientId: string;
  readonly region: string;
  /** The environment variables of a worker that uses this sandbox. */
  readonly env: {
    readonly APLOS_API_URL: string;
    readonly COGNITO_ENDPOINT: string;
    readonly COGNITO_USER_NAME: string;
    readonly COGNITO_PASSWORD: string;
    /** Allows uploads to the S3 proxy. */
    readonly APLOS_UPLOAD_S3_HOSTS: string;
    /** Names an empty file, so that no other settings apply. */
    readonly APLOS_UPLOAD_SETTINGS: string;
  };
  /** Faults to inject. */
  readonly faults: Faults;
  /** Every execution that was accepted, and so charged, in order. */
  readonly charges: readonly Charge[];
  /** Every file record that was created, in order. */
  readonly files: readonly SandboxFile[];
  /** Every call that was received, in order. */
  readonly calls: readonly RecordedCall[];
  /** Every password, token and signed field that was issued: none may appear in a log or a history. */
  readonly secrets: ReadonlySet<string>;
  /**
   * Returns the bytes that S3 stores for a file.
   *
   * @throws Error if the file was not stored
   */
  storedBytes(fileId: string): Promise<Buffer>;
  /**
   * Returns the bytes that S3 stores for a file as a stream, for large files.
   *
   * @throws Error if the file was not stored
   */
  storedStream(fileId: string): Promise<Readable>;
  /**
   * Returns the bytes of the results zip that S3 stores for an execution.
   *
   * @throws Error if there is no such execution, or it has no results
   */
  storedResults(executionId: string): Promise<Buffer>;
  /** Changes settings while the sandbox runs, for example the version of the API that it speaks. */
  change(changes: Partial<SandboxSettings>): void;
  /** Stops the servers, and S3 unless it was passed in the options. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a sandbox on 127.0.0.1, and an S3 server for it unless the options name a bucket.
 *
 * @throws Error if a server does not start, or a case cannot be used
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  if (options.s3) return startOn(options.s3, options);
  const s3 = await startSeaweed();
  return startOn(s3, options, () => s3.stop()).catch(async (error: unknown) => {
    await s3.stop();
    throw error;
  });
}

async function startOn(
  s3: S3Bucket,
  options: SandboxOptions,
  stopS3: () => Promise<void> = async () => {},
): Promise<Sandbox> {
  const settings = withDefaults(options);
  const knownResults = await knownResultsIn(options.cases);
  const secrets = new Set<string>([s3.secretAccessKey]);
  const calls: RecordedCall[] = [];
  const faults = new Faults(settings.seed);
  const context = { calls, faults, latencyMs: settings.latencyMs };
  const cognito = new Cognito(settings.users, settings.idTokenSeconds, secrets);

  const s3Proxy = await serveS3Proxy({
    port: options.s3Port ?? 0,
    endpoint: s3.endpoint,
    files: () => files,
    context,
  });
  const store = new ObjectStore(s3, s3.bucket, s3Proxy.url);
  const files = new Files(store, settings, secrets);
  const executions = new Executions(store, files, settings, knownResults);
  const api = await serveApi({
    port: options.port ?? 0,
    cognito,
    routes: [...apiRoutes(files, executions, settings), ...routesV3(files, executions, settings)],
    executions,
    settings,
    context,
  }).catch(async (error: unknown) => {
    await s3Proxy.stop();
    throw error;
  });

  const apiUrl = api.url + dialects[settings.dialect].basePath;
  const [account] = cognito.accounts;
  const [{ userName, password }] = settings.users;
  let stopped: Promise<void> | undefined;
  return {
    apiUrl,
    cognitoUrl: `${api.url}/`,
    s3Url: s3Proxy.url,
    s3,
    user: { userName, password },
    tenantId: account?.tenantId ?? '',
    userId: account?.userId ?? '',
    clientId: cognito.clientId,
    region: cognito.region,
    env: {
      APLOS_API_URL: apiUrl,
      COGNITO_ENDPOINT: `${api.url}/`,
      COGNITO_USER_NAME: userName,
      COGNITO_PASSWORD: password,
      APLOS_UPLOAD_S3_HOSTS: new URL(s3Proxy.url).hostname,
      APLOS_UPLOAD_SETTINGS: devNull,
    },
    faults,
    get charges() {
      return executions.charges;
    },
    files: files.all,
    calls,
    secrets,
    change: (changes) => {
      Object.assign(settings, changes);
    },
    storedBytes: async (fileId) => store.bytes(keyOf(fileId)),
    storedResults: (executionId) => executions.results(executionId),
    storedStream: async (fileId) => store.stream(keyOf(fileId)),
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };

  function keyOf(fileId: string): string {
    const file = files.byId(fileId);
    if (!file) throw new Error(`The sandbox has no file ${fileId}`);
    return file.key;
  }

  async function stop(): Promise<void> {
    await Promise.all([api.stop(), s3Proxy.stop()]);
    store.close();
    await stopS3();
  }
}
