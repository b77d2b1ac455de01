import type { JobOptions } from '../../input/jobs.js';

/** Options of `aplos-upload upload`. */
export interface UploadOptions extends JobOptions {
  readonly wait?: true;
  readonly json?: true;
  readonly dryRun?: true;
}
