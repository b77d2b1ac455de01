import type { JobOptions } from '../../input/jobs.js';
import type { Notices } from '../../output/notices.js';
import type { UiLinks } from '../../output/ui-links.js';

/** Options of `aplos-upload upload`. */
export interface UploadOptions extends JobOptions {
  /** `results`: the uploads wait for the end of their executions. */
  readonly wait?: 'upload' | 'results';
  /** Time limit of `--wait results`, in milliseconds. */
  readonly timeout?: number;
  /** Directory or URL that the results go to. */
  readonly out?: string;
  readonly unpack?: true;
  readonly json?: true;
  readonly dryRun?: true;
  /** Whether to go on although the subscription has too few executions left. */
  readonly yes?: true;
}

/** Output of `aplos-upload upload`: its notices and links. */
export interface UploadOutput {
  readonly notices: Notices;
  readonly links: UiLinks;
}
