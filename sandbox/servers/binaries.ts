import { fileURLToPath } from 'node:url';
import { type Programs, provided } from './programs.js';

/** Absolute paths of the servers of the sandbox. */
export interface Binaries {
  /** Temporal's CLI, which includes the dev server and its UI. */
  readonly temporal: string;
  /** SeaweedFS, an S3 server. */
  readonly weed: string;
}

const programs = {
  temporal: { name: 'temporal', variable: 'TEMPORAL_CLI_PATH', fromPath: true },
  weed: { name: 'weed', variable: 'WEED_PATH', fromPath: true },
} as const satisfies Programs<keyof Binaries>;

/**
 * Finds the servers of the sandbox, and downloads those that are missing: see {@link provided}.
 *
 * @throws Error that names what to install, or which variables to set
 */
export const ensureBinaries: () => Promise<Binaries> = provided(programs, {
  requirements: fileURLToPath(new URL('requirements.txt', import.meta.url)),
  what: 'the Temporal and S3 servers of the sandbox',
  size: '90 MB',
});
