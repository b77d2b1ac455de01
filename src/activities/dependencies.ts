import type { Dispatcher } from 'undici';
import type { AplosApi } from '../aplos/api.js';
import type { SourceAccess } from '../files/source.js';
import type { HostList } from '../http/host-list.js';

/** What the activities need from outside. */
export interface ActivityDependencies {
  /**
   * The API, as one profile.
   *
   * @throws UploadError `PROFILE_UNKNOWN`
   */
  readonly api: (profile: string) => AplosApi;
  /** For the uploads to S3. */
  readonly dispatcher: Dispatcher;
  /** The host whose files this worker reads, beside those that any worker sees. */
  readonly host?: string | undefined;
  /** Whether a worker serves a task queue. */
  readonly hasWorker: (taskQueue: string) => Promise<boolean>;
  /** What may be read. */
  readonly sources: SourceAccess;
  /** Where files may be posted to, besides Amazon S3 and this machine. */
  readonly s3Hosts: HostList;
  /** An upload of which no byte moved for so long is given up, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Whether this workflow id may have had a run before this one. */
  readonly hasEarlierRuns: (workflowId: string, runId: string) => Promise<boolean>;
  /** When to look again for an execution whose start was not answered: the service's list may lag. In milliseconds. */
  readonly settleDelaysMs: readonly number[];
}
