import type { UploadFilter } from '../../client.js';
import { isErrorCode } from '../../contract/errors.js';
import { shellWord } from '../../util/shell-word.js';
import { milliseconds } from '../../util/units.js';
import { BadInputError } from '../output/errors.js';

/** Options that select uploads. */
export interface SelectOptions {
  readonly batch?: string;
  readonly failed?: true;
  readonly running?: true;
  readonly since?: string;
  readonly error?: string;
}

/**
 * Returns the filter for the options, or `undefined` if there are none.
 *
 * @param references names of uploads, which exclude the options. Default: none
 * @throws BadInputError if an option is invalid, or options exclude each other
 */
export function filterFrom(
  { batch, failed, running, since, error }: SelectOptions,
  references: readonly string[] = [],
): UploadFilter | undefined {
  if (failed && running)
    throw new BadInputError(['--failed and --running cannot be combined. Use one of them.']);
  if (error !== undefined && !isErrorCode(error))
    throw new BadInputError([
      `--error ${error} is not an error code. Use a code from docs/reference/errors.md.`,
    ]);
  const state = running ? 'running' : failed || error ? 'failed' : undefined;
  if (batch === undefined && !state && since === undefined) return undefined;
  const ranSince = since === undefined ? undefined : parseSince(since);
  if (references.length > 0)
    throw new BadInputError(['Names and options cannot be combined. Select uploads by one of them.']);
  return { batch, state, errorCode: error, since: ranSince };
}

/** Returns the options that select the same uploads, whatever their error: for a command that people copy. */
export const selectionText = ({ batch, since }: SelectOptions): string =>
  [
    ...(batch === undefined ? [] : [`--batch ${shellWord(batch)}`]),
    ...(since === undefined ? [] : [`--since ${shellWord(since)}`]),
  ].join(' ');

/** Parses a time ago, such as `2h`, or a date. */
function parseSince(since: string): Date {
  const ago = milliseconds(since);
  const at = ago === undefined ? Date.parse(since) : Date.now() - ago;
  if (Number.isNaN(at))
    throw new BadInputError([
      `--since ${since} is neither a time ago nor a date. Use e.g. 30m, 2h, 3d or 2026-01-31.`,
    ]);
  return new Date(at);
}
