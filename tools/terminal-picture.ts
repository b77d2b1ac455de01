import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const CELL = { width: 8.4, height: 18 } as const;
const PADDING = 12;
const COLORS: Readonly<Record<string, string>> = {
  '31': '#f87171',
  '32': '#4ade80',
  '33': '#facc15',
  '36': '#22d3ee',
};

/** A command whose output is pictured. */
export interface PicturedCommand {
  /** The command as a user types it, for the first line. */
  readonly typed: string;
  /** The command as it is run, as words for a shell. */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly columns: number;
  readonly rows: number;
  /** Replaces what belongs to this machine, such as its folders. */
  readonly replace: (text: string) => string;
}

/**
 * Runs a command in a terminal of a size, and writes what that terminal shows at the end as an SVG.
 *
 * @throws Error if the output does not fit on one screen
 */
export async function takeTerminalPicture(path: string, picture: PicturedCommand): Promise<void> {
  const { columns, rows } = picture;
  const lines = [`$ ${picture.typed}`, ...(await outputOf(picture)), '$ '].flatMap((line) =>
    wrapped(line, columns),
  );
  if (lines.length > rows)
    throw new Error(
      `The output of ${picture.typed} takes ${lines.length} rows, but the terminal has ${rows}`,
    );
  await writeFile(path, svg(lines, picture));
}

/** Runs the command in a pseudo-terminal, which util-linux's `script` creates. */
async function outputOf({ command, env, columns, rows, replace }: PicturedCommand): Promise<string[]> {
  const inTerminal = `stty cols ${columns} rows ${rows}; ${command}`;
  const { stdout } = await promisify(execFile)('script', ['--quiet', '--command', inTerminal, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm-256color', ...env },
    maxBuffer: 10_000_000,
  });
  return replace(stdout.replaceAll('\r', '')).trimEnd().split('\n');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes of terminals begin with one
const STYLE = /\u001b\[(\d+)m/g;
const STYLES = new RegExp(`(${STYLE.source.replace('(\\d+)', '\\d+')})`);

/** Breaks a line where the terminal does. Styles take no room. */
function wrapped(line: string, columns: number): string[] {
  const rows = [''];
  let used = 0;
  for (const piece of line.split(STYLES)) {
    if (piece.startsWith('\u001b')) {
      rows.push(rows.pop() + piece);
      continue;
    }
    for (const character of piece) {
      if (used === columns) {
        rows.push('');
        used = 0;
      }
      rows.push(rows.pop() + character);
      used++;
    }
  }
  return rows;
}

function svg(lines: readonly string[], { columns, rows, typed }: PicturedCommand): string {
  const width = Math.ceil(columns * CELL.width + 2 * PADDING);
  const height = rows * CELL.height + 2 * PADDING;
  const texts = lines.map((line, index) => {
    const y = PADDING + (index + 0.75) * CELL.height;
    return `<text x="${PADDING}" y="${y}">${spans(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(typed)} in a terminal of ${columns} columns and ${rows} rows">
<style>text{font:14px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#e5e7eb;white-space:pre}</style>
<rect width="100%" height="100%" rx="8" fill="#111827"/>
${texts.join('\n')}
</svg>
`;
}

/** Returns the pieces of a line, each with its color and weight. */
function spans(line: string): string {
  let color: string | undefined;
  let isBold = false;
  let isDim = false;
  return line
    .split(STYLE)
    .map((piece, index) => {
      if (index % 2 === 0) {
        const style = [
          ...(color ? [`fill="${color}"`] : []),
          ...(isBold ? ['font-weight="bold"'] : []),
          ...(isDim ? ['opacity="0.65"'] : []),
        ].join(' ');
        return piece === '' ? '' : `<tspan${style && ` ${style}`}>${escaped(piece)}</tspan>`;
      }
      if (piece === '1') isBold = true;
      else if (piece === '2') isDim = true;
      else if (piece === '22') [isBold, isDim] = [false, false];
      else color = COLORS[piece];
      return '';
    })
    .join('');
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
