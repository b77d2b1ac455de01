import type { Extension } from '../../../contract/extension.js';
import { loadSettings } from '../../../settings/load.js';
import { readJobs } from '../../input/jobs.js';
import { BadInputError } from '../../output/errors.js';
import { printJson } from '../../output/terminal.js';
import type { UploadOptions } from './options.js';

/**
 * Returns how far the options make the uploads go.
 *
 * @throws BadInputError if there is a time limit for nothing
 */
export function extensionFrom({ wait, timeout }: Pick<UploadOptions, 'wait' | 'timeout'>): Extension {
  if (wait === 'results')
    return {
      until: 'completed',
      ...(timeout === undefined ? {} : { completionTimeoutSeconds: Math.ceil(timeout / 1000) }),
    };
  if (timeout === undefined) return {};
  throw new BadInputError([
    '--timeout limits the wait for the end of the executions. Add --wait results, or remove --timeout.',
  ]);
}

/** Checks the input of `aplos-upload upload`, then starts the uploads and reports them. */
export async function upload(locations: readonly string[], options: UploadOptions): Promise<void> {
  const settings = loadSettings(process.env, 'client');
  const jobs = await readJobs(locations, { ...options, ...extensionFrom(options) }, settings).catch(
    (error: unknown) => {
      if (options.json && error instanceof BadInputError)
        for (const record of error.records) printJson(record);
      throw error;
    },
  );
  // Loads Temporal's client only now, because it takes longer than to find a mistake in the input.
  const { startUploads } = await import('./start.js');
  await startUploads(jobs, options, settings);
}
