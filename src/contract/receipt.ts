import type { ResultsPackage } from './results.js';
import type { RunRef } from './stored-file.js';

/** An analysis that was started. */
export interface StartedExecution {
  /** Label from the request, or `#1`, `#2`… by its position there. */
  readonly label: string;
  /** ID of the execution at Aplos. */
  readonly executionId: string;
  /** Status that Aplos reported, e.g. `queuing`. */
  readonly status: string;
  /** Delay that Aplos reported for a `throttled` execution, in seconds. It was accepted, and runs after that. */
  readonly delaySeconds?: number;
  /** Identity of the analysis: `aplos_upload.tracking_id` in the metadata of the execution and, in version 3, part of its name. */
  readonly trackingId: string;
  /** SHA-256 of the configuration as canonical JSON (RFC 8785), in hex. */
  readonly configurationSha256: string;
  /**
   * `started`: this run started it, and Aplos confirmed the start. `found`: it was among the executions that Aplos already had,
   * so it was not started again.
   */
  readonly origin: 'started' | 'found';
  /** Reason to run the analysis again, as the request gave it. */
  readonly again?: string;
  /** Results that were fetched, one package for each destination. Absent if the request did not ask for them. */
  readonly packages?: readonly ResultsPackage[];
  /** How the execution ended. Absent if the request did not ask to wait for the end. */
  readonly completion?: Completion;
}

/** How an execution ended successfully, as Aplos reported it. */
export interface Completion {
  /** Final status in the words of Aplos, in lower case: `complete` in version 1 of the API, `succeeded` in version 3. */
  readonly status: string;
  /** Time of the end by the clock of Aplos: ISO 8601, UTC. Absent if Aplos reported none. */
  readonly completedAt?: string;
  /** Duration in seconds. Absent if Aplos reported none. */
  readonly seconds?: number;
  /** Warnings about the data or the configuration. Absent if Aplos reported none. */
  readonly warnings?: readonly string[];
  /** Versions of the parts of the engine, by their names. Absent if Aplos reported none. */
  readonly engineVersions?: Readonly<Record<string, string>>;
}

/** A reset that led to a run, as Temporal recorded it. */
export interface RunReset {
  /** Time of the reset by Temporal's clock: ISO 8601, UTC. */
  readonly at: string;
  /** Run that was reset. */
  readonly runId: string;
  /** Reason that was given for the reset. `aplos-upload replay` names the step, and the person if it knows the name. */
  readonly reason: string;
}

/** When a step ran, and how many attempts it took. */
export interface StepRecord {
  /** The step. `find` checks whether the work of an earlier run is still there. */
  readonly step: 'presign' | 'upload' | 'confirm' | 'start' | 'await' | 'fetch' | 'find';
  /** Label of the execution, for `start`, `await` and `fetch`. */
  readonly label?: string;
  /** Start of the attempt that succeeded, by the worker's clock: ISO 8601, UTC. */
  readonly startedAt: string;
  /** End of that attempt: ISO 8601, UTC. */
  readonly finishedAt: string;
  /** Number of attempts in this run. A reset run counts from 1 again. */
  readonly attempts: number;
}

/**
 * Result of the workflow, for auditors: every value in it was observed. If the receipt has a `repeatOf`, that run stored the file
 * and started the executions, and this one found that Aplos still has them.
 */
export interface Receipt {
  /** Version of this schema. A higher one has other fields or meanings. */
  readonly receiptVersion: 1;
  /** ID of the upload. */
  readonly workflowId: string;
  /** ID of the run that returned this receipt. */
  readonly runId: string;
  /** Aplos account, by its name in the worker's settings. */
  readonly profile: string;
  /** Source of the file, without the query of a URL. */
  readonly source: string;
  /** Host whose worker read the file, if the request named one. */
  readonly host?: string;
  /** Version of an `s3:` source that was read, if its bucket is versioned. */
  readonly sourceVersionId?: string;
  /** File name that Aplos shows. */
  readonly fileName: string;
  /** ID of the file at Aplos. Absent if Aplos identifies files by bucket and key alone. */
  readonly fileId?: string;
  /** Bucket in which the file is stored. Absent for an `aplos:` source if only the ID of the file is known. */
  readonly bucket?: string;
  /** Key of the object in that bucket. Absent if the bucket is. */
  readonly key?: string;
  /** Size in bytes. Absent for an `aplos:` source if neither Aplos nor the run that uploaded the file reports it. */
  readonly sizeBytes?: number;
  /** MD5 of the bytes that were sent, in hex. Absent for an `aplos:` source if it is not known. */
  readonly md5?: string;
  /** SHA-256 of the bytes that were sent, in hex. */
  readonly sha256: string;
  /** ETag that S3 returned, without its quotes; absent if S3 returned none. */
  readonly etag?: string;
  /** True if the ETag is an MD5, which then equals `md5`. `false`: it is not an MD5 (e.g. with SSE-KMS) and proves nothing. */
  readonly etagIsMd5?: boolean;
  /** Request ID that S3 assigned to the upload, for AWS support. Absent if S3 returned none. */
  readonly s3RequestId?: string;
  /** HTTP status of the upload: 204. Absent for an `aplos:` source, as are the ETag and `etagIsMd5`: this run uploaded nothing. */
  readonly status?: number;
  /** Version of the Aplos API that was used. */
  readonly apiVersion: 'v1' | 'v3';
  /** File state that Aplos reported at confirmation, e.g. `ready`. */
  readonly fileState: string;
  /** Size that Aplos reported at confirmation, in bytes. It equals `sizeBytes`. Absent if Aplos reported none. */
  readonly reportedSizeBytes?: number;
  /** Which checksum of the bytes that were sent equals that which Aplos reported. Absent if Aplos reported none that is known. */
  readonly reportedChecksum?: 'md5' | 'sha256';
  /** Executions, one for each analysis of the request. */
  readonly executions: readonly StartedExecution[];
  /** Steps that this run did. */
  readonly steps: readonly StepRecord[];
  /**
   * How many times the file was presigned: more than once if a presigned POST expired or the bytes were damaged, 0 for an `aplos:`
   * source.
   */
  readonly presigns: number;
  /** Person or system that requested the upload, as the request says. It is not verified. */
  readonly requestedBy?: string;
  /** Batches that this run counts for: that of its request, and those in which it was asked for again while it was running. */
  readonly batches: readonly string[];
  /** ID of the run of the same workflow ID that did the work, if this run found it done. Default: this run did it. */
  readonly repeatOf?: string;
  /** Run that uploaded the file of an `aplos:` source, if it is known. */
  readonly storedBy?: RunRef;
  /** What proves that the file of an `aplos:` source has this SHA-256. Absent if this run uploaded the file. */
  readonly contentProof?: ContentProof;
  /** Failed run whose analysis this run started with another configuration. `aplos-upload status` shows the link in both directions. */
  readonly correctionOf?: RunRef;
  /** Resets that led to this run, the first one first. Only records have them. Absent if there were none. */
  readonly resets?: readonly RunReset[];
}

/**
 * What proves which bytes a stored file has: the `run` that uploaded it, as far as Temporal has it, or a `checksum` that Aplos
 * reports.
 */
export type ContentProof = 'run' | 'checksum';

/** Result of the `progress` query. */
export interface UploadProgress {
  /** `find`: the run checks whether the work of an earlier run is still there. `record`: the run writes its record. */
  readonly step:
    | 'find'
    | 'presign'
    | 'upload'
    | 'confirm'
    | 'start'
    | 'await'
    | 'fetch'
    | 'record'
    | 'done'
    | 'failed'
    | 'cancelled';
  readonly fileId?: string;
  readonly sizeBytes?: number;
  readonly executions: readonly StartedExecution[];
  readonly presigns: number;
  /** Host that has the file, if it had no worker at the last check. Default: none. */
  readonly missingHost?: string | undefined;
}

/** Heartbeat of a running `uploadFile`. */
export interface UploadHeartbeat {
  readonly bytesSent: number;
  readonly totalBytes: number;
  /** Rate of the last ten seconds. Absent in heartbeats of older workers. */
  readonly bytesPerSecond?: number;
}
