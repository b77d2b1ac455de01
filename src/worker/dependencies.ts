import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { Dispatcher } from 'undici';
import type { ActivityDependencies } from '../activities/dependencies.js';
import { readReceipt } from '../activities/read-receipt.js';
import { readResetsOf } from '../activities/read-resets.js';
import { readRunEnd } from '../activities/read-run-end.js';
import { readStoredFileOf } from '../activities/read-stored-file.js';
import { recordHeartbeat } from '../activities/record-heartbeat.js';
import { reportFailing } from '../activities/report-failing.js';
import { reportWaiting } from '../activities/report-waiting.js';
import { watchBatch } from '../activities/watch-batch.js';
import type { AplosAccounts } from '../aplos/accounts.js';
import { openArchive } from '../archive/open-archive.js';
import { s3Access } from '../files/s3-source.js';
import type { SourceAccess } from '../files/source.js';
import { tlsOptions } from '../http/dispatcher.js';
import type { Settings } from '../settings/settings.js';
import { readBatch } from '../temporal/batch-end.js';
import type { TemporalTarget } from '../temporal/connection.js';
import { otherUploads } from '../temporal/other-uploads.js';
import { hasWorker } from '../temporal/worker-liveness.js';
import { WebhookSender } from '../webhooks/sender.js';
import type { Dispatchers } from './dispatchers.js';

/** The parts of a worker process that its activities use. */
export interface DependencySources {
  readonly settings: Settings;
  readonly accounts: AplosAccounts;
  readonly dispatchers: Dispatchers;
  readonly connection: NativeConnection;
  readonly target: TemporalTarget;
  readonly deployment: WorkerDeploymentVersion | undefined;
}

/** Assembles what the activities of a worker are given. */
export function activityDependencies({
  settings,
  accounts,
  dispatchers,
  connection: { workflowService },
  target: { namespace },
  deployment,
}: DependencySources): ActivityDependencies {
  const { host, s3Hosts, s3Buckets, idleTimeoutMs, listLagMs, resultsRoots, extraCa, batchQuietMs } =
    settings;
  const { records, signingKey } = settings;
  const s3 = s3Access(tlsOptions(extraCa));
  return {
    api: (profile) => accounts.api(profile),
    dispatcher: dispatchers.services,
    sources: { ...sourceAccess(settings, dispatchers.sources), s3 },
    results: { roots: resultsRoots, s3 },
    ...(records ? { records: { archive: openArchive(records, s3), key: signingKey } } : {}),
    readResets: readResetsOf,
    host,
    s3Targets: { hosts: s3Hosts, buckets: s3Buckets },
    idleTimeoutMs,
    listLagMs,
    sendDeadlineMs: SEND_DEADLINE_MS,
    executions: (profile) => accounts.executions(profile),
    checks: (profile) => accounts.checks(profile),
    starts: (profile) => accounts.starts(profile),
    recordHeartbeat,
    reportWaiting,
    reportFailing,
    readReceipt,
    readRunEnd,
    watchBatch,
    readBatch: (batch) => readBatch(workflowService, namespace, batch),
    batchQuietMs,
    webhooks: new WebhookSender({
      accounts: settings.profiles,
      hosts: settings.webhookHosts,
      dispatcher: dispatchers.webhooks,
    }),
    readStoredFile: readStoredFileOf,
    hasWorker: (taskQueue) => hasWorker(workflowService, namespace, taskQueue, deployment),
    otherUploads: (attempt, query) => otherUploads(workflowService, namespace, attempt, query),
  };
}

const sourceAccess = (
  { uploadRoots, sourceHosts, spoolLimitBytes }: Settings,
  dispatcher: Dispatcher,
): SourceAccess => ({
  roots: uploadRoots,
  https: { hosts: sourceHosts, dispatcher, spoolLimitBytes },
});

/** A start is sent within this time after Temporal has confirmed its attempt, or not at all. */
const SEND_DEADLINE_MS = 10_000;
