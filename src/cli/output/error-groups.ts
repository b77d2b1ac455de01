import { errorTable, isErrorCode, withoutReplayHint } from '../../contract/errors.js';
import { count } from '../../util/units.js';
import { out } from './colors.js';
import { listThatFits, type Room, rowsOf, wrapToRows } from './fit.js';

/** Uploads that have the same error. */
export interface ErrorGroup {
  readonly code: string;
  /** `running`: a step failed with the error, and is retried, or waits for a worker. */
  readonly state: 'failed' | 'running';
  /** Number of its uploads. */
  readonly total: number;
  /** Names of some of its uploads. */
  readonly names: readonly string[];
  /** Message of one of its uploads. */
  readonly message: string;
}

/** Rows of a group without its message and its command: count, names, blank line. */
const ROWS_OF_GROUP = 3;
const MAX_MESSAGE_ROWS = 6;

/**
 * Returns the lines that show groups of uploads: for each the number, the message of one upload, as many names as fit, and what to do
 * with all of them.
 *
 * @param selection options that select the uploads of all groups, e.g. `--batch study-7`
 * @param room room for the groups. Messages are shortened until they fit
 */
export function groupLines(groups: readonly ErrorGroup[], selection: string, room: Room): string[] {
  const commands = groups.map((group) => indent(nextStep(group, selection)));
  const others = rowsOf(commands, room.columns) + ROWS_OF_GROUP * groups.length;
  const rowsForEach = (room.rows - others) / Math.max(1, groups.length);
  const messageRows = Number.isFinite(rowsForEach)
    ? Math.min(MAX_MESSAGE_ROWS, Math.max(1, Math.floor(rowsForEach)))
    : Number.POSITIVE_INFINITY;
  const columns = room.columns - 2;
  return groups.flatMap((group, index) => {
    const { total, state, names, message } = group;
    const color = state === 'failed' ? out.red : out.yellow;
    return [
      `${out.bold(`${total.toLocaleString('en')} ${state}`)}: ${color(group.code)}`,
      ...(Number.isFinite(messageRows) ? wrapToRows(message, columns, messageRows) : [message]).map(indent),
      indent(out.dim(listThatFits(names, total, columns))),
      commands[index] ?? '',
      '',
    ];
  });
}

const indent = (line: string) => `  ${line}`;

/** Returns what to do with all uploads of a group, as one command if there is one. */
function nextStep({ code, state }: ErrorGroup, selection: string): string {
  if (state === 'running')
    return WAITS.includes(code)
      ? 'They continue once a worker runs.'
      : 'Temporal retries them. They continue on their own.';
  const selected = [selection, `--error ${code}`].filter(Boolean).join(' ');
  switch (isErrorCode(code) ? errorTable[code].afterFix : 'replay') {
    case 'upload':
    case 'analyze':
    case 'check':
      return `Each message: aplos-upload status ${selected} --each`;
    default:
      return `Then: aplos-upload replay ${selected}`;
  }
}

const WAITS: readonly string[] = ['WORKER_MISSING', 'HOST_WITHOUT_WORKER'];

/** Returns a message on one line, without the hint to replay one upload, because a command for all of them follows. */
export const groupMessage = (message: string): string =>
  withoutReplayHint(message.replace(/\s*\n\s*/g, ' ')).trim();

/** Returns the line that says how many uploads there are, e.g. `65 uploads in the last 24 hours: 65 failed`. */
export const totalLine = (total: number, period: string, tally: string): string =>
  `${out.bold(count(total, 'upload'))}${period}: ${tally}`;
