import type { Extension } from '../../../contract/extension.js';
import { loadSettings } from '../../../settings/load.js';
import { readJobs } from '../../input/jobs.js';
import { resultsTemplateFor } from '../../input/results-location.js';
import { BadInputError, printingProblems } from '../../output/errors.js';
import type { UploadOptions } from './options.js';

/**
 * Returns how far the options make the uploads go.
 *
 * @throws BadInputError if an option lacks another one
 */
export function extensionFrom({
  wait,
  timeout,
  out,
  unpack,
}: Pick<UploadOptions, 'wait' | 'timeout' | 'out' | 'unpack'>): Extension {
  if (unpack && out === undefined)
    throw new BadInputError(['--unpack needs --out LOCATION for the results.']);
  if (wait === 'results' || out !== undefined)
    return {
      until: 'completed',
      ...(timeout === undefined ? {} : { completionTimeoutSeconds: Math.ceil(timeout / 1000) }),
      ...(out === undefined ? {} : { results: resultsTemplateFor(out) }),
      ...(unpack ? { unpackResults: true } : {}),
    };
  if (timeout === undefined) return {};
  throw new BadInputError([
    '--timeout limits the wait for the end of the executions. Add --wait results or --out, or remove --timeout.',
  ]);
}

/** Checks the input of `aplos-upload upload`, then starts the uploads and reports them. */
export async function upload(locations: readonly string[], options: UploadOptions): Promise<void> {
  const settings = loadSettings(process.env, 'client');
  const reading = readJobs(locations, { ...options, ...extensionFrom(options) }, settings);
  const jobs = await printingProblems(reading, options.json === true);
  // Loads Temporal's client only now, because it takes longer than to find a mistake in the input.
  const { startUploads } = await import('./start.js');
  await startUploads(jobs, options, settings);
}
