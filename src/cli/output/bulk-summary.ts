import { count, counts } from '../../util/units.js';
import { out } from './colors.js';
import { startStates } from './start-states.js';

/** Numbers of a command that started many uploads. */
export interface BulkTally {
  /** Number of files. */
  readonly total: number;
  /** Number of files by what happened at the start. */
  readonly starts: ReadonlyMap<string, number>;
  /** Number of uploads by the state they ended in; absent if the command did not wait. */
  readonly ends: ReadonlyMap<string, number> | undefined;
  /** Options that select these uploads in other commands. */
  readonly selection: string;
  /** Address of their list in the Temporal UI, if there is one. */
  readonly page: string | undefined;
}

/** Returns the lines that end such a command: the numbers, and what to do next. */
export function bulkSummary({ total, starts, ends, selection, page }: BulkTally): string[] {
  const lines = [`${out.bold(count(total, 'file'))}: ${counts(starts)}`];
  if (ends) lines.push(`Results: ${counts(ends)}`);
  else if (starts.has(startStates.started) || starts.has(startStates.running))
    lines.push(
      `The uploads continue in the background. To see their status: aplos-upload status ${selection} --watch`,
    );
  if (ends && [...ends.keys()].some((state) => state !== 'done' && state !== 'unknown'))
    lines.push(
      `To list the failed uploads: aplos-upload status ${selection} --failed`,
      `After fixing the cause, resume them: aplos-upload replay ${selection} --failed`,
    );
  if (page) lines.push(`In the Temporal UI: ${page}`);
  return lines;
}
