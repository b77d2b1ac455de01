import type { Receipt, RunReset, StartedExecution } from './receipt.js';
import type { UploadRequest } from './request.js';
import type { RunRef } from './stored-file.js';

/** Facts about the file of a run that ended without a receipt, as far as the run knew them. */
export type KnownFileFacts = Partial<
  Pick<
    Receipt,
    | 'sourceVersionId'
    | 'fileId'
    | 'bucket'
    | 'key'
    | 'sizeBytes'
    | 'md5'
    | 'sha256'
    | 'etag'
    | 'etagIsMd5'
    | 's3RequestId'
    | 'status'
    | 'apiVersion'
    | 'fileState'
    | 'reportedSizeBytes'
    | 'reportedChecksum'
    | 'presigns'
    | 'storedBy'
    | 'contentProof'
  >
>;

/** An analysis that a request asked for. */
export interface RequestedAnalysis {
  /** Label from the request, or `#1`, `#2`… by its position there. */
  readonly label: string;
  /** SHA-256 of the configuration as canonical JSON (RFC 8785), in hex. */
  readonly configurationSha256: string;
  /** Reason to run the analysis again, as the request gave it. */
  readonly again?: string;
}

/** Why a run failed. */
export interface EndingError {
  /** Code of the error table. */
  readonly code: string;
  /** What happened, and what to do. */
  readonly message: string;
}

/** Record of a run that ended without a receipt: what the run knew. */
export interface Ending extends KnownFileFacts {
  /** Version of this schema. A higher one has other fields or meanings. */
  readonly endingVersion: 1;
  /** ID of the workflow. */
  readonly workflowId: string;
  /** ID of the run. */
  readonly runId: string;
  /** `failed` or `cancelled`. */
  readonly state: 'failed' | 'cancelled';
  /** Time at which the run decided to end, by Temporal's clock: ISO 8601, UTC. */
  readonly endedAt: string;
  /** Code of the error table and message of a run that failed. */
  readonly error?: EndingError;
  /** Absent if the request is not valid. So are all facts about the file. */
  readonly profile?: string;
  /** Source of the file, without the query of a URL. */
  readonly source?: string;
  /** Host that has the file, if the request named one. */
  readonly host?: string;
  /** Name of the file at Aplos. */
  readonly fileName?: string;
  /** Person or system that requested the upload. */
  readonly requestedBy?: string;
  /** Batches that the run counts for. */
  readonly batches: readonly string[];
  /** Analyses that the request asked for: label, SHA-256 of the configuration, and reason to run it again. */
  readonly requested: readonly RequestedAnalysis[];
  /** Executions that the run had started, or found at Aplos. */
  readonly executions: readonly StartedExecution[];
  /** Completed run of the same workflow ID whose work this run looked for. */
  readonly repeatOf?: string;
  /** Failed run whose analysis this run was to start with another configuration. */
  readonly correctionOf?: RunRef;
  /** Resets that led to this run, the first one first. Absent if there were none. */
  readonly resets?: readonly RunReset[];
}

/** What the workflow knows of a run that ends without a receipt. The activity adds the rest. */
export type KnownEnding = Omit<Ending, 'requested' | 'resets'>;

/** Input of `writeRecord`. */
export type RecordInput = {
  /** True if a reset created the run. */
  readonly isReset: boolean;
} & (
  | { readonly receipt: Receipt }
  | {
      readonly ending: KnownEnding;
      /** Analyses that the request asked for. */
      readonly requested: UploadRequest['executions'];
    }
);

/** A record that was written, or was there already. */
export interface WrittenRecord {
  /** Run that the record is about. */
  readonly runId: string;
  /** Location of the record: a path, or an `s3:` URL. */
  readonly location: string;
  /** SHA-256 of the record, in hex. */
  readonly sha256: string;
  /** Version of the object, if the bucket is versioned. */
  readonly versionId?: string;
  /** Time until which S3 Object Lock protects the object: ISO 8601, UTC. Absent without Object Lock. */
  readonly retainUntil?: string;
}
