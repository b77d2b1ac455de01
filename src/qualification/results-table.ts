import { parse } from 'csv-parse/sync';
import { decodeText, EncodingError } from '../util/decode-text.js';
import { quote } from '../util/quote.js';

/** A table of results, as it was read from a CSV file. */
export interface ResultsTable {
  readonly columns: readonly string[];
  readonly rows: readonly ResultsRow[];
}

/** A row of a table of results. */
export interface ResultsRow {
  /** Line of the file on which the row ends. The first line is 1. */
  readonly line: number;
  /** Cells by column. */
  readonly cells: ReadonlyMap<string, string>;
}

/** A file that is not a table of results. Its message is a clause that follows the name of the file. */
export class TableError extends Error {}

/**
 * Reads a CSV file in UTF-8 with a header row. A byte order mark, line breaks of Windows, and empty lines do not count.
 *
 * @throws TableError
 */
export function readResultsTable(bytes: Uint8Array): ResultsTable {
  const [header, ...records] = recordsIn(bytes);
  if (!header) throw new TableError('is empty');
  const columns = header.record;
  const unnamed = columns.indexOf('');
  if (unnamed >= 0) throw new TableError(`has no name for column ${unnamed + 1} in its header row`);
  const twice = columns.find((column, index) => columns.indexOf(column) < index);
  if (twice !== undefined) throw new TableError(`has the column ${quote(twice)} twice`);
  return {
    columns,
    rows: records.map(({ record, info }) => ({
      line: info.lines,
      cells: new Map(columns.map((column, index) => [column, record[index] ?? ''])),
    })),
  };
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function recordsIn(bytes: Uint8Array): CsvRecord[] {
  try {
    return parse(decodeText(bytes), { info: true, skip_empty_lines: true }) as unknown as CsvRecord[];
  } catch (error) {
    const { message } = error as Error;
    throw new TableError(error instanceof EncodingError ? message : `is not a CSV file: ${message}`);
  }
}
