import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { Dispatcher } from 'undici';
import type { ActivityDependencies } from '../activities/dependencies.js';
import type { AplosAccounts } from '../aplos/accounts.js';
import { s3Access } from '../files/s3-source.js';
import type { SourceAccess } from '../files/source.js';
import { tlsOptions } from '../http/dispatcher.js';
import type { Settings } from '../settings/settings.js';
import type { TemporalTarget } from '../temporal/connection.js';
import { hasEarlierRuns } from '../temporal/earlier-runs.js';
import { hasWorker } from '../temporal/worker-liveness.js';
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
  const { host, s3Hosts, idleTimeoutMs, listLagMs } = settings;
  return {
    api: (profile) => accounts.api(profile),
    dispatcher: dispatchers.services,
    sources: sourceAccess(settings, dispatchers.sources),
    host,
    s3Hosts,
    idleTimeoutMs,
    listDelaysMs: listDelays(listLagMs),
    hasWorker: (taskQueue) => hasWorker(workflowService, namespace, taskQueue, deployment),
    hasEarlierRuns: (workflowId, runId) => hasEarlierRuns(workflowService, namespace, workflowId, runId),
  };
}

const sourceAccess = (
  { uploadRoots, sourceHosts, spoolLimitBytes, extraCa }: Settings,
  dispatcher: Dispatcher,
): SourceAccess => ({
  roots: uploadRoots,
  https: { hosts: sourceHosts, dispatcher, spoolLimitBytes },
  s3: s3Access(tlsOptions(extraCa)),
});

const FIRST_PAUSE_MS = 500;

/** Returns delays of 0 and then doubling pauses, which add up to the time that Aplos's list may lag behind a start. */
function listDelays(lagMs: number): number[] {
  const delays = [0];
  for (let waitedMs = 0, pauseMs = FIRST_PAUSE_MS; waitedMs < lagMs; pauseMs *= 2) {
    const delayMs = Math.min(pauseMs, lagMs - waitedMs);
    delays.push(delayMs);
    waitedMs += delayMs;
  }
  return delays;
}
