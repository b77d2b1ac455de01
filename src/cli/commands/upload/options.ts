import type { UploadHandle } from '../../../client.js';
import type { JobOptions } from '../../input/jobs.js';

/** What is asked of `aplos-upload upload`. */
export interface UploadOptions extends JobOptions {
  readonly wait?: true;
  readonly json?: true;
  readonly dryRun?: true;
}

/** How an upload that was asked for stood. */
export const startStates = {
  started: 'started',
  running: 'already running',
  done: 'already done',
} as const satisfies Record<UploadHandle['state'], string>;
