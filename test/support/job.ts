import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, onTestFinished } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.js';
import type { ActivityDependencies } from '../../src/activities/dependencies.js';
import { createActivities } from '../../src/activities/index.js';
import { AplosAccounts } from '../../src/aplos/accounts.js';
import {
  parseUploadRequest,
  type UploadRequest,
  type UploadRequestInput,
} from '../../src/contract/request.js';
import type {
  Confirmation,
  FileRef,
  PresignResult,
  StartInput,
  Timed,
  UploadActivities,
  UploadEvidence,
} from '../../src/contract/steps.js';
import { HostList } from '../../src/http/host-list.js';
import { loadSettings } from '../../src/settings/load.js';
import type { OtherUploads } from '../../src/temporal/other-uploads.js';
import { dispatcher } from './fake-aplos.js';
import { configuration, table } from './sandbox-client.js';
import { temporaryFile } from './temporary-folder.js';

/** Properties of the attempt that an activity runs in. */
export type Info = NonNullable<ConstructorParameters<typeof MockActivityEnvironment>[0]>;

/** A file, and the activities of a worker that uploads it to its own sandbox. */
export interface Job {
  readonly sandbox: Sandbox;
  readonly activities: UploadActivities;
  /** Returns the activities of another worker, which remembers nothing. */
  newWorker(changes?: Partial<ActivityDependencies>): UploadActivities;
  /** Returns the details of the last heartbeat that was recorded at once. */
  lastHeartbeat(): unknown;
  readonly request: UploadRequest;
  readonly content: Buffer | string;
  readonly path: string;
  presign(): Promise<Timed<PresignResult>>;
  upload(presign: PresignResult, environment?: MockActivityEnvironment): Promise<Timed<UploadEvidence>>;
  confirm(file: FileRef, evidence: UploadEvidence): Promise<Timed<Confirmation>>;
  /** Presigns and uploads. Returns the input for a start. */
  stored(): Promise<StartInput>;
}

/** Options of {@link newJob}. */
export interface JobOptions extends SandboxOptions {
  readonly content?: Buffer | string;
  readonly fileName?: string;
  readonly ask?: Partial<UploadRequestInput>;
  readonly dependencies?: Partial<ActivityDependencies>;
}

const LIST_LAG_MS = 400;

/** Time limit for sending a start, in milliseconds: longer than any test takes. */
export const SEND_DEADLINE_MS = 600_000;

/** No other run starts anything. */
export const nobodyElse: OtherUploads = {
  ahead: undefined,
  mayHaveSentUntilMs: Number.NEGATIVE_INFINITY,
  acknowledged: { untilMs: Number.NEGATIVE_INFINITY, executionIds: [] },
};

/** Starts a sandbox and writes a file. Both are removed after the running test. */
export async function newJob(options: JobOptions): Promise<Job> {
  const { content = table, fileName = 'pk.csv', ask = {}, dependencies = {}, ...sandboxOptions } = options;
  const sandbox = await startSandbox(sandboxOptions);
  onTestFinished(() => sandbox.stop());
  const { path, url } = await temporaryFile(content, fileName);
  const request = parseUploadRequest({ source: url, ...ask });
  const connections = dispatcher();
  let lastHeartbeat: unknown;
  const newWorker = (changes: Partial<ActivityDependencies> = {}) => {
    const accounts = new AplosAccounts(loadSettings(sandbox.env).profiles, connections);
    return createActivities({
      api: (profile) => accounts.api(profile),
      executions: (profile) => accounts.executions(profile),
      checks: (profile) => accounts.checks(profile),
      starts: (profile) => accounts.starts(profile),
      dispatcher: connections,
      sources: {},
      results: { roots: [], s3: async () => expect.fail('no S3 access') },
      hasWorker: async () => true,
      s3Targets: { hosts: new HostList(['127.0.0.1']) },
      idleTimeoutMs: 300_000,
      otherUploads: async () => nobodyElse,
      readReceipt: async () => undefined,
      readStoredFile: async () => undefined,
      webhooks: { hasWebhook: () => false, send: async () => ({ host: '', status: 200 }) },
      readRunEnd: async () => undefined,
      readResets: async () => [],
      watchBatch: async () => {},
      readBatch: async () => undefined,
      batchQuietMs: 0,
      recordHeartbeat: async (details) => {
        lastHeartbeat = details;
      },
      reportWaiting: async () => {},
      reportFailing: async () => {},
      listLagMs: LIST_LAG_MS,
      sendDeadlineMs: SEND_DEADLINE_MS,
      ...dependencies,
      ...changes,
    });
  };
  const activities = newWorker();
  const presign = () => run(activities.presignUpload, { request });
  const upload = ({ presigned }: PresignResult, environment?: MockActivityEnvironment) =>
    run(activities.uploadFile, { request, presigned }, environment);
  return {
    sandbox,
    activities,
    newWorker,
    lastHeartbeat: () => lastHeartbeat,
    request,
    content,
    path,
    presign,
    upload,
    confirm: (file, evidence) => run(activities.confirmUpload, { request, file, evidence }),
    stored: async () => {
      const presigned = await presign();
      const { sha256 } = await upload(presigned);
      return {
        profile: 'default',
        fileName: request.fileName,
        file: presigned.file,
        sha256,
        label: 'day 1',
        execution: { configuration },
        runStartedAt: new Date(0).toISOString(),
      };
    },
  };
}

/** Returns an environment for one activity. Default: the first attempt in the workflow `w1`. */
export const environmentFor = (info: Info = {}): MockActivityEnvironment =>
  new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'w1', runId: 'r1' }, ...info },
    { logger: new DefaultLogger('ERROR', () => {}) },
  );

/** Runs an activity as Temporal does. */
export const run = <Input, Result>(
  activity: (input: Input) => Promise<Result>,
  input: Input,
  environment: MockActivityEnvironment = environmentFor(),
): Promise<Result> => environment.run<[Input], Result, (input: Input) => Promise<Result>>(activity, input);

/** Returns the failure that an activity ends with. Checks that it contains no secret of the sandbox. */
export async function failureOf(
  { sandbox }: Job,
  work: Promise<unknown>,
): Promise<ApplicationFailure | CancelledFailure> {
  const failure = await work.then(
    () => expect.fail('The activity did not fail'),
    (error: unknown) => error,
  );
  if (!(failure instanceof ApplicationFailure || failure instanceof CancelledFailure)) throw failure;
  const { message, stack, cause } = failure;
  const shown = JSON.stringify([message, stack, String(cause), 'details' in failure && failure.details]);
  for (const secret of sandbox.secrets) expect(shown).not.toContain(secret);
  return failure;
}

/** Returns the number of calls of the sandbox on these routes. */
export const callsOf = ({ sandbox }: Job, ...routes: string[]): number =>
  sandbox.calls.filter(({ route }) => routes.includes(route)).length;
