import type { JsonObject } from './json.js';

/** Results of an execution, as they were stored. */
export interface ResultsPackage {
  /** URL of the zip file: `file:///…` or `s3://…`. */
  readonly location: string;
  /** Size of the zip file in bytes. */
  readonly sizeBytes: number;
  /** SHA-256 of the zip file, in hex. */
  readonly sha256: string;
  /** URL of the directory that it was unpacked to. Absent if that was not requested. */
  readonly unpackedTo?: string;
  /** True if the data file in the package has the SHA-256 of the uploaded one. `false`: the package has no file of that name. */
  readonly inputVerified: boolean;
  /** True if the configuration in the package has every value that was sent. `false`: the package has no configuration, or it is not known what was sent. */
  readonly configurationVerified: boolean;
}

/** Where the results of an upload's executions go. */
export interface ResultsDestination {
  /** Template of the location of each package. */
  readonly results: string;
  /** Whether each package is also unpacked. Default: `false` */
  readonly unpackResults?: boolean | undefined;
  /** Host whose worker writes to a `file:` location. Default: any worker */
  readonly host?: string | undefined;
}

/** Input of `fetchResults`. */
export interface FetchInput extends ResultsDestination {
  readonly profile: string;
  readonly batch?: string | undefined;
  readonly fileName: string;
  /** SHA-256 of the uploaded file, in hex. */
  readonly sha256: string;
  readonly label: string;
  readonly executionId: string;
  /** Configuration that was sent. Default: not known */
  readonly configuration?: JsonObject | undefined;
  /** If true, an execution that is at work is a final error. Default: the step is retried briefly */
  readonly onlyIfDone?: boolean | undefined;
}

/** Heartbeat of a running `fetchResults`. */
export interface FetchHeartbeat {
  readonly bytesReceived: number;
  readonly totalBytes: number;
}

/** A directory, or a prefix of the keys in a bucket. */
export type StorageLocation = {
  /** The location as somebody wrote it in the settings. */
  readonly text: string;
} & ({ readonly path: string } | { readonly bucket: string; readonly prefix: string });
