import type { Dispatcher } from 'undici';
import type { AplosApi } from '../aplos/api.js';
import type { SourceAccess } from '../files/source.js';
import type { HostList } from '../http/host-list.js';

/** Everything that the activities need from the worker. */
export interface ActivityDependencies {
  /**
   * Returns the API for a profile.
   *
   * @throws UploadError `PROFILE_UNKNOWN`
   */
  readonly api: (profile: string) => AplosApi;
  /** HTTP connections for uploads to S3. */
  readonly dispatcher: Dispatcher;
  /** Host whose files this worker reads, in addition to those that every worker can read. Default: none. */
  readonly host?: string | undefined;
  /** Reports whether a worker serves a task queue. */
  readonly hasWorker: (taskQueue: string) => Promise<boolean>;
  /** Sources that this worker may read. */
  readonly sources: SourceAccess;
  /** Hosts that files may be posted to, in addition to Amazon S3 and this machine. */
  readonly s3Hosts: HostList;
  /** Idle timeout in milliseconds: an upload without progress for this long is aborted. */
  readonly idleTimeoutMs: number;
  /** Reports whether this workflow id may have had a run before this one. */
  readonly hasEarlierRuns: (workflowId: string, runId: string) => Promise<boolean>;
  /** Delays in milliseconds before each search for an execution in the list of Aplos, where new executions may appear late. */
  readonly listDelaysMs: readonly number[];
}
