import { CsvError, parse } from 'csv-parse/sync';
import { UploadError } from '../../contract/errors.js';
import type { JsonValue } from '../../contract/json.js';
import { parseJson } from '../../files/json-file.js';
import { didYouMean } from '../../settings/did-you-mean.js';
import { quote } from '../../util/quote.js';

/** Columns of a manifest. */
export const COLUMNS = ['file', 'configuration', 'metadata', 'label', 'again', 'sha256'] as const;

/** A row of a manifest, or a problem with it. */
export type Row = { readonly line: number } & ({ readonly value: unknown } | { readonly error: UploadError });

/** Text of a manifest, and its name in messages. */
export interface ManifestText {
  /** Path, or `stdin`. */
  readonly name: string;
  readonly text: string;
}

/**
 * Returns the rows of a manifest: CSV if its name ends in `.csv`, `.tsv` or `.txt`, JSON Lines if it ends in `.jsonl`, `.ndjson` or
 * `.json`, otherwise whatever its text looks like. Empty rows, also those of separators only, are left out.
 *
 * @throws UploadError `REQUEST_INVALID` if there are no rows, or the header names no or unknown columns
 */
export function rowsOf(manifest: ManifestText): Row[] {
  const rows = isCsv(manifest) ? csvRows(manifest) : jsonRows(manifest);
  if (rows.length === 0) throw invalid(`--manifest ${manifest.name} has no rows`);
  return rows;
}

/** Returns the error for a manifest, whose action names the columns. */
export const invalid = (happened: string) =>
  new UploadError('REQUEST_INVALID', happened, {
    action: `A manifest has the columns file and configuration, and optionally ${COLUMNS.slice(2, -1).join(', ')} and ${COLUMNS.at(-1)}.`,
  });

function isCsv({ name, text }: ManifestText): boolean {
  if (/\.(csv|tsv|txt)$/i.test(name)) return true;
  return !/\.(jsonl|ndjson|json)$/i.test(name) && !/^\s*[{[]/.test(text);
}

function jsonRows({ name, text }: ManifestText): Row[] {
  if (/^\s*\[\s*\{/.test(text))
    throw invalid(
      `--manifest ${name} is a JSON array. Write one JSON object per line, without brackets and commas around them`,
    );
  return text.split('\n').flatMap((row, index): Row[] => {
    const line = index + 1;
    if (row.trim() === '') return [];
    try {
      return [{ line, value: parseJson(row.trim(), `${name}:${line}`) }];
    } catch (error) {
      if (error instanceof UploadError) return [{ line, error }];
      throw error;
    }
  });
}

/** A record of a CSV file. */
interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

function csvRows(manifest: ManifestText): Row[] {
  const { name } = manifest;
  const { records, errors } = readCsv(manifest);
  const [header, ...others] = records.filter(({ cells }) => cells.some((cell) => cell !== ''));
  if (!header && errors.length === 0) return [];
  const columns = header ? columnsOf(name, header) : [];
  const rows = others.map(({ line, cells }): Row => {
    const stray = cells.findIndex((cell, index) => cell !== '' && !columns[index]);
    if (stray >= 0)
      return {
        line,
        error: invalid(`${name}:${line}: ${quote(cells[stray] ?? '')} is in a column without a name`),
      };
    const named = cells.flatMap((cell, index): [string, string][] => {
      const column = columns[index];
      return column && cell !== '' ? [[column, cell]] : [];
    });
    return { line, value: Object.fromEntries(named) as Record<string, JsonValue> };
  });
  return [...rows, ...errors];
}

/** Reads every record that can be read, with a problem for each of the others. */
function readCsv({ name, text }: ManifestText): { records: CsvRecord[]; errors: Row[] } {
  const errors: Row[] = [];
  const { delimiter, content } = withoutSeparatorLine(text);
  const report = (error: CsvError) => {
    const line = Number(error.lines ?? 1);
    errors.push({
      line,
      error: invalid(`${name}:${line}: is not CSV: ${error.message.replace(/ (at|on) line \d+$/, '')}`),
    });
  };
  const records: CsvRecord[] = [];
  try {
    parse(content, {
      delimiter: delimiter ?? delimiterOf(content),
      relax_column_count: true,
      skip_records_with_error: true,
      on_skip: (error) => {
        if (error) report(error);
        return undefined;
      },
      trim: true,
      on_record: (cells: string[], { lines }) => {
        records.push({ line: lines - newlinesIn(cells), cells });
        return cells;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    report(error);
  }
  return { records, errors };
}

const newlinesIn = (cells: readonly string[]) => cells.join('').split('\n').length - 1;

/** Excel's first line `sep=;` names the separator. It is left empty, so that the numbers of the other lines stay. */
function withoutSeparatorLine(text: string): { delimiter: string | undefined; content: string } {
  const [line = '', separator] = /^"?sep=(.)"?[ \t]*(?=\r?\n|$)/i.exec(text) ?? [];
  return { delimiter: separator, content: text.slice(line.length) };
}

const DELIMITERS = [',', ';', '\t', '|'];

/** Returns the separator with which the first line has the most known columns: that of Excel depends on the language of Windows. */
function delimiterOf(text: string): string {
  const header = text.trimStart().split(/\r?\n/, 1)[0] ?? '';
  const known = (delimiter: string) =>
    header.split(delimiter).filter((cell) => isColumn(columnName(cell.replaceAll('"', '')))).length;
  return DELIMITERS.reduce((best, each) => (known(each) > known(best) ? each : best));
}

/** `Meta Data` and `SHA-256` are the columns `metadata` and `sha256`. */
const columnName = (cell: string) => cell.trim().toLowerCase().replace(/[ _-]/g, '');
const isColumn = (name: string) => (COLUMNS as readonly string[]).includes(name);

function columnsOf(manifest: string, { line, cells }: CsvRecord): string[] {
  const columns = cells.map(columnName);
  const where = `${manifest}:${line}`;
  const unknown = columns.flatMap((name, index) =>
    name === '' || isColumn(name)
      ? []
      : [
          `unknown column ${quote(cells[index] ?? '')} ${didYouMean(name, COLUMNS).replace('keys', 'columns')}`,
        ],
  );
  const missing = COLUMNS.slice(0, 2).filter((name) => !columns.includes(name));
  if (missing.length === 2) throw invalid(`${where}: the first row names no column of a manifest`);
  const duplicate = columns.find((name, index) => name !== '' && columns.indexOf(name) < index);
  const problems = [
    ...unknown,
    ...missing.map((name) => `no column "${name}"`),
    ...(duplicate === undefined ? [] : [`two columns ${quote(duplicate)}`]),
  ];
  if (problems.length > 0) throw invalid(`${where}: ${problems.join('; ')}`);
  return columns;
}
