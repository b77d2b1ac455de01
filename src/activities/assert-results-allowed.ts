import { isOnHost } from '../contract/results-location.js';
import type { FileRequest } from '../contract/steps.js';
import { assertMayWrite } from '../results/destination.js';
import type { ActivityDependencies } from './dependencies.js';

/**
 * Checks, before anything is paid for, that results can be written where the request wants them. Leaves that to the fetch if another
 * worker, with other settings, writes them.
 *
 * @throws UploadError `RESULTS_NOT_ALLOWED`
 */
export function assertResultsAllowed(
  { results: template, host }: FileRequest,
  { host: ownHost, results }: Pick<ActivityDependencies, 'host' | 'results'>,
): void {
  if (template === undefined) return;
  if (host === undefined || (host === ownHost && isOnHost(template))) assertMayWrite(template, results.roots);
}
