import { widthOf } from './width.js';

/** Columns of text that is not for a terminal, so that lists stay readable. */
const COLUMNS_WITHOUT_TERMINAL = 120;
const ROWS_WITHOUT_TERMINAL = Number.POSITIVE_INFINITY;

/** Room for text. */
export interface Room {
  readonly columns: number;
  /** Infinite if there is no terminal. */
  readonly rows: number;
}

/** Returns the room that stdout has. */
export const roomOf = ({ isTTY, columns, rows }: NodeJS.WriteStream): Room =>
  isTTY ? { columns, rows } : { columns: COLUMNS_WITHOUT_TERMINAL, rows: ROWS_WITHOUT_TERMINAL };

/** Returns as many items as fit into one line, and the number of the others: `a.csv, b.csv, … 35 more`. */
export function listThatFits(items: readonly string[], total: number, columns: number): string {
  const tailFor = (shown: number) => (total > shown ? `… ${(total - shown).toLocaleString('en')} more` : '');
  for (let shown = items.length; shown > 1; shown--) {
    const tail = tailFor(shown);
    const line = [...items.slice(0, shown), ...(tail ? [tail] : [])].join(', ');
    if (widthOf(line) <= columns) return line;
  }
  return [...items.slice(0, 1), ...(total > 1 ? [tailFor(1)] : [])].join(', ');
}

/** Breaks a text at spaces into lines that fit. Words that are longer than a line keep their length. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Wraps a text into at most so many lines. A longer one loses words in its middle, because its end says what to do. */
export function wrapToRows(text: string, columns: number, maxRows: number): string[] {
  const lines = wrap(text, columns);
  if (lines.length <= maxRows) return lines;
  const words = text.split(' ');
  for (let removed = 1; removed < words.length; removed++) {
    const start = Math.max(1, Math.floor((words.length - removed) / 3));
    const shorter = wrap([...words.slice(0, start), '…', ...words.slice(start + removed)].join(' '), columns);
    if (shorter.length <= maxRows) return shorter;
  }
  return lines.slice(0, maxRows);
}

/** Returns the number of rows that lines take on a terminal, which wraps long ones. */
export const rowsOf = (lines: readonly string[], columns: number): number =>
  lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
