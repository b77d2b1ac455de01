/** Types of a request. Generated from src/contract/request.ts by `npm run build`. */
import type { JsonObject, JsonValue } from './json.js';

/** An analysis of the file. Each one is charged. */
export interface ExecutionRequest {
  /** Name of the analysis in the UI and the receipt. Default: its position, #1, #2… */
  label?: string | undefined;
  /** Configuration of the analysis in the vendor's format. Aplos validates it. */
  configuration: JsonObject;
  /** Metadata that Aplos stores unchanged and returns with the execution. */
  metaData?: JsonValue | undefined;
  /** Sent as the vendor's data_cleaning. Requires version 3 of the API. */
  dataCleaning?: JsonValue | undefined;
  /** Sent as the vendor's custom_calculations. Requires version 3 of the API. */
  customCalculations?: JsonValue | undefined;
  /** Sent as the vendor's custom_plots. Requires version 3 of the API. */
  customPlots?: JsonValue | undefined;
  /** Sent as the vendor's custom_tables. Requires version 3 of the API. */
  customTables?: JsonValue | undefined;
  /** Sent as the vendor's data_processing. Requires version 1 of the API, or its request body. */
  dataProcessing?: JsonValue | undefined;
  /** Sent as the vendor's post_processing. Requires version 1 of the API, or its request body. */
  postProcessing?: JsonValue | undefined;
  /** Why an analysis that Aplos may already have is wanted again, e.g. "engine 3.2". Each reason is one more analysis, and is charged. */
  again?: string | undefined;
}

/** What the sender knows about a file. */
export interface ExpectedFile {
  /** Size in bytes. */
  sizeBytes?: number | undefined;
  /** SHA-256 in lower-case hex digits. */
  sha256?: string | undefined;
}

/** A run of a workflow. */
export interface RunReference {
  /** ID of the workflow. */
  workflowId: string;
  /** ID of the run. */
  runId: string;
}

/** Request as a client sends it: fields with a default are optional. */
export interface UploadRequestInput {
  /** URL of the file, which the worker reads: file:///data/pk.csv, https://host/pk.csv or s3://bucket/pk.csv. A file that Aplos already has: aplos:file/FILE_ID, with fileName and expect.sha256; nothing is uploaded then. */
  source: string;
  /** File name that Aplos shows. Default: the last segment of the source. */
  fileName?: string | undefined;
  /** Host where the file is stored, if not every worker can read it: only the workers of this host then do. It also stores results in a file: location. Only with a file: source or such results. Default: any worker. */
  host?: string | undefined;
  /** Name of the Aplos account in the settings of the worker. Default: "default". */
  profile?: string | undefined;
  /** Analyses to start, in parallel. Default: none, the file is only uploaded. */
  executions?: ExecutionRequest[] | undefined;
  /** What the sender knows about the file. If the file differs, the upload fails before anything is sent. */
  expect?: ExpectedFile | undefined;
  /** How far the upload goes: "started", until its executions are started, or "completed", until they have ended. It does not change what is started. Default: "started". */
  until?: 'started' | 'completed' | undefined;
  /** How long to wait for the end of the executions once all are started, in seconds. After that the upload fails, and the executions keep running; a replay waits again. Default: 604,800, seven days. */
  completionTimeoutSeconds?: number | undefined;
  /** Where the package with the results of each execution goes, once it has ended: file:///results/{batch}/{fileName}/{label}.zip or s3://bucket/{label}.zip. Placeholders: {profile}, {batch}, {fileName}, {label}, {executionId}. With a file: URL and a host, that host stores them. It implies "until": "completed". Default: results are not fetched. */
  results?: string | undefined;
  /** Whether each package is also unpacked, next to the zip file, to a directory of the same name without .zip. Only with a file: URL in results. Default: false. */
  unpackResults?: boolean | undefined;
  /** Person or system that requested the upload, for lists and the receipt. */
  requestedBy?: string | undefined;
  /** Name that groups uploads. */
  batch?: string | undefined;
  /** Batches of an earlier run that failed, for which this run counts as well. Set by the client. */
  otherBatches?: string[] | undefined;
  /** ID of the run whose result is wanted again, for example in another batch. It must be a completed run of the same workflow ID. If Aplos still has what it started, nothing is uploaded or started. Set by the client. */
  repeatOf?: string | undefined;
  /** URL to which the end of the upload, and of its batch, is reported as a webhook. The worker must allow its host. Default: that of the account's settings. */
  webhook?: string | undefined;
  /** Run that uploaded the file of an aplos: source. The worker reads there which bytes were stored. Set by the client. */
  storedBy?: RunReference | undefined;
  /** Failed run whose analysis is started with another configuration. Set by the client. */
  correctionOf?: RunReference | undefined;
}
