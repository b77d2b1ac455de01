import type { UploadFilter } from '../../client.js';
import { isErrorCode } from '../../contract/errors.js';
import { milliseconds } from '../../util/units.js';
import { BadInputError } from '../output/errors.js';

/** How uploads are named on the command line, other than by their ids. */
export interface SelectOptions {
  readonly batch?: string;
  readonly failed?: true;
  readonly running?: true;
  readonly since?: string;
  readonly error?: string;
}

/**
 * The filter that options mean; `undefined` where none is given.
 *
 * @throws BadInputError
 */
export function filterFrom({
  batch,
  failed,
  running,
  since,
  error,
}: SelectOptions): UploadFilter | undefined {
  if (failed && running) throw new BadInputError(['--failed and --running exclude each other']);
  if (error !== undefined && !isErrorCode(error))
    throw new BadInputError([`--error ${error} is not a code of the error table (docs/errors.md)`]);
  const state = running ? 'running' : failed || error ? 'failed' : undefined;
  if (batch === undefined && !state && since === undefined) return undefined;
  return { batch, state, errorCode: error, since: since === undefined ? undefined : instant(since) };
}

/** `2h`, `3d`: as long ago. Or a date. */
function instant(since: string): Date {
  const ago = milliseconds(since);
  const at = ago === undefined ? Date.parse(since) : Date.now() - ago;
  if (Number.isNaN(at))
    throw new BadInputError([`--since ${since} is neither a time ago (30m, 2h, 3d) nor a date (2026-01-31)`]);
  return new Date(at);
}
