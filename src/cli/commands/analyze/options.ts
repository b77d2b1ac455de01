import type { UploadOptions } from '../upload/options.js';

/** Options of `aplos-upload analyze`. */
export interface AnalyzeOptions
  extends Omit<UploadOptions, 'profile' | 'manifest' | 'host' | 'skipUnreadable'> {
  /** Aplos account. Default: that of the upload */
  readonly profile?: string;
  /** IDs of files at Aplos. */
  readonly fileId?: readonly string[];
}
