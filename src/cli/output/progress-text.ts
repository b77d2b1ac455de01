import { bytes, duration } from '../../util/units.js';
import { err } from './colors.js';
import { widthOf } from './width.js';

/** Progress of one upload. */
export interface UploadProgress {
  readonly state: 'waiting' | 'running' | 'done' | 'ended';
  /** What it does, e.g. `uploading`. */
  readonly step: string;
  /** Absent before the file is sent. */
  readonly bytesSent?: number;
  /** Absent if the size is not known. */
  readonly totalBytes?: number;
  /** Rate of the last seconds. Absent if nothing is being sent. */
  readonly bytesPerSecond?: number;
}

/** An upload, and how far it is. */
export interface NamedProgress {
  readonly name: string;
  readonly progress: UploadProgress;
}

const NAME_COLUMNS = 28;
const BAR_COLUMNS = 12;
/** Rows that are left free, so that the terminal does not scroll. */
const FREE_ROWS = 2;
const ORDER: readonly UploadProgress['state'][] = ['running', 'waiting', 'ended', 'done'];

/** Returns a row for each upload. If they do not fit, those that are running come first, and the last row counts the others. */
export function progressLines(
  uploads: readonly NamedProgress[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string[] {
  const room = Math.max(2, rows - FREE_ROWS);
  if (uploads.length <= room) return uploads.map((upload) => row(upload, columns));
  const sorted = ORDER.flatMap((state) => uploads.filter(({ progress }) => progress.state === state));
  const shown = sorted.slice(0, room - 1);
  const hidden = sorted.slice(room - 1);
  const tally = ORDER.flatMap((state) => {
    const number = hidden.filter(({ progress }) => progress.state === state).length;
    return number > 0 ? [`${number.toLocaleString('en')} ${state === 'ended' ? 'failed' : state}`] : [];
  });
  return [
    ...shown.map((upload) => row(upload, columns)),
    cut(`… ${hidden.length.toLocaleString('en')} more: ${tally.join(', ')}`, columns),
  ];
}

/** Returns the progress of an upload in words, e.g. `uploading, 12 MB of 27 MB, 3.1 MB/s, 5s left`. */
export function progressText(progress: UploadProgress): string {
  const { step, bytesSent, totalBytes, bytesPerSecond, state } = progress;
  if (state === 'done' || bytesSent === undefined || bytesPerSecond === undefined) return step;
  const left = totalBytes === undefined ? undefined : totalBytes - bytesSent;
  return [
    step,
    totalBytes === undefined ? bytes(bytesSent) : `${bytes(bytesSent)} of ${bytes(totalBytes)}`,
    `${bytes(bytesPerSecond)}/s`,
    ...(left !== undefined && left > 0 && bytesPerSecond > 0
      ? [`${duration(Math.max(1000, (1000 * left) / bytesPerSecond))} left`]
      : []),
  ].join(', ');
}

function row({ name, progress }: NamedProgress, columns: number): string {
  const { bytesSent = 0, totalBytes = 0, state } = progress;
  const share = state === 'done' ? 1 : totalBytes > 0 ? Math.min(1, bytesSent / totalBytes) : 0;
  const full = Math.floor(share * BAR_COLUMNS);
  const bar = err.cyan('█'.repeat(full) + '░'.repeat(BAR_COLUMNS - full));
  const head = `${padded(cutStart(name, NAME_COLUMNS))} `;
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`;
  const used = NAME_COLUMNS + 1 + BAR_COLUMNS + 1 + percent.length + 2;
  return `${head}${bar} ${percent}  ${cut(progressText(progress), Math.max(10, columns - used))}`;
}

const padded = (text: string) => text + ' '.repeat(Math.max(0, NAME_COLUMNS - widthOf(text)));

function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const characters = [...text];
  while (widthOf(characters.join('')) >= columns) characters.pop();
  return `${characters.join('')}…`;
}

/** Keeps the end, which tells files apart. */
function cutStart(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const characters = [...text];
  while (widthOf(characters.join('')) >= columns) characters.shift();
  return `…${characters.join('')}`;
}
