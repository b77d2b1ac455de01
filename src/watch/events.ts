import type { UploadHandle, UploadState } from '../client.js';

/** Dependency of a watch. While one is unavailable, the watch keeps trying. */
export type Dependency = 'temporal' | 'state-file' | 'folder' | 'outcomes' | 'earlier-work';

/** Something that happened in a watch. `file` is a path, relative to the watched folder if the file is inside. */
export type WatchEvent =
  | {
      readonly event: 'watching';
      /** Absolute path of the watched folder. */
      readonly folder: string;
      readonly stateFile: string;
      /** Number of uploads that the state file records. */
      readonly recorded: number;
      /** Time between scans in milliseconds. */
      readonly everyMs: number;
      /** Time in milliseconds for which a file must be stable before it is uploaded. */
      readonly settleMs: number;
      /** True if files without their own configuration are uploaded with a default one. */
      readonly hasDefault: boolean;
    }
  | { readonly event: 'waiting'; readonly file: string; readonly reason: 'empty' | 'changing' }
  | {
      readonly event: 'waiting';
      readonly file: string;
      readonly reason: 'no-configuration';
      /** Name of a configuration file that would be used, e.g. `pk.json`. */
      readonly expected: string;
    }
  | {
      readonly event: 'ignored';
      readonly file: string;
      readonly reason: 'same-file';
      /** Path under which the watch has the file or folder. */
      readonly sameAs: string;
    }
  | {
      readonly event: 'ignored';
      readonly file: string;
      readonly reason: 'similar-configuration';
      /** Name of the configuration that is used instead. */
      readonly used: string;
      /** Data file that the configuration might be meant for. */
      readonly dataFile: string;
    }
  | {
      readonly event: 'started';
      readonly file: string;
      readonly workflowId: string;
      /** State of the upload at the start. It may have been started by another command. */
      readonly state: UploadHandle['state'];
    }
  | {
      readonly event: 'not-started';
      readonly file: string;
      readonly workflowId: string;
      readonly reason: 'known-content';
      /** State of the upload, if another watch or command started it. */
      readonly state?: UploadState;
    }
  | {
      readonly event: 'not-started';
      readonly file: string;
      readonly workflowId: string;
      readonly reason: 'known-to-aplos';
      /** Executions of the file that Aplos has. */
      readonly executionIds: readonly string[];
    }
  | {
      readonly event: 'not-started';
      readonly file: string;
      readonly workflowId: string;
      readonly reason: 'configuration-changed';
      /** Absolute path of the data file. */
      readonly path: string;
      /** Absolute path of the configuration that was added or changed after the start. */
      readonly configurationPath: string;
    }
  | {
      readonly event: 'done';
      readonly file: string;
      readonly workflowId: string;
      /** Absent if the receipt cannot be read. */
      readonly executionIds?: readonly string[];
      /** Reason why the receipt cannot be read. */
      readonly error?: Error;
    }
  | {
      readonly event: 'failed';
      readonly file: string;
      readonly workflowId: string;
      readonly error: Error;
    }
  /** Temporal no longer has the history of an upload, so its outcome is not known. */
  | { readonly event: 'unknown'; readonly file: string; readonly workflowId: string }
  | { readonly event: 'problem'; readonly file?: string; readonly error: unknown }
  | { readonly event: 'recovered'; readonly dependency: Dependency }
  | {
      readonly event: 'stopped';
      /** Number of uploads that continue in the background. */
      readonly running: number;
    };

/** Receives the events of a watch. */
export type OnWatchEvent = (event: WatchEvent) => void;
