/** One analysis that was started. */
export interface StartedExecution {
  /** The caller's label, or `#1`, `#2`… by place in the request. */
  readonly label: string;
  readonly executionId: string;
  /** The status that the service gave, e.g. `queuing`. */
  readonly status: string;
  /** What stands in the execution's metadata under `aplos_upload.tracking_id`. */
  readonly trackingId: string;
  /**
   * `started`: by this run, as Aplos responded to the start. `found`: among the executions that Aplos already had,
   * so none was started again.
   */
  readonly origin: 'started' | 'found';
}

/** When a step ran, and how many attempts it took. */
export interface StepRecord {
  readonly step: 'presign' | 'upload' | 'confirm' | 'start';
  /** The label, for `start`. */
  readonly label?: string;
  /** ISO 8601, UTC, by the worker's clock: when the attempt that succeeded began. */
  readonly startedAt: string;
  /** ISO 8601, UTC: when it was done. */
  readonly finishedAt: string;
  /** 1 for the first. A reset run counts anew. */
  readonly attempts: number;
}

/** What was observed of an upload: the workflow's result, and what an auditor gets. Nothing in it is assumed. */
export interface Receipt {
  readonly workflowId: string;
  readonly runId: string;
  readonly profile: string;
  /** Where the file was read, without the query of a URL. */
  readonly source: string;
  /** The host whose worker read it, where the request named one. */
  readonly host?: string;
  /** Which version of an `s3:` source was read, where its bucket has versions. */
  readonly sourceVersionId?: string;
  readonly fileName: string;
  /** Absent where the service names files by bucket and key alone. */
  readonly fileId?: string;
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
  /** Of the bytes that were sent, in hex. */
  readonly md5: string;
  /** Of the bytes that were sent, in hex. */
  readonly sha256: string;
  /** As S3 gave it, without its quotes; absent if it gave none. */
  readonly etag?: string;
  /** Whether the ETag is an MD5 that equals ours. `false`: it is no MD5 (e.g. SSE-KMS) and proves nothing. */
  readonly etagIsMd5: boolean;
  /** The HTTP status of the upload: 204. */
  readonly status: number;
  /** The service's word on the file when it was confirmed, e.g. `ready`. */
  readonly fileState: string;
  readonly executions: readonly StartedExecution[];
  readonly steps: readonly StepRecord[];
  /** How often the file was presigned; more than 1 where a presigned POST expired or the bytes were damaged. */
  readonly presigns: number;
  readonly requestedBy?: string;
  readonly batch?: string;
}

/** The answer to the `progress` query. */
export interface UploadProgress {
  readonly step: 'presign' | 'upload' | 'confirm' | 'start' | 'done' | 'failed' | 'cancelled';
  readonly fileId?: string;
  readonly sizeBytes?: number;
  readonly executions: readonly StartedExecution[];
  readonly presigns: number;
  /** The host that has the file, while no worker is there to read it. As of the workflow's last look. */
  readonly missingHost?: string | undefined;
}

/** What a running `uploadFile` heartbeats. */
export interface UploadHeartbeat {
  readonly bytesSent: number;
  readonly totalBytes: number;
}
