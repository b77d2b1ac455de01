import { extname } from 'node:path';
import { parse } from 'csv-parse/sync';

/** A table that was read from delimited text. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

const MAGIC: Readonly<Record<string, { offset: number; bytes: Buffer; name: string }>> = {
  '.xpt': { offset: 0, bytes: Buffer.from('HEADER RECORD'), name: 'SAS transport file' },
  '.sas7bdat': {
    offset: 12,
    bytes: Buffer.from('c2ea8160b31411cfbd92080009c7318c181f1011', 'hex'),
    name: 'SAS data set',
  },
  '.xlsx': { offset: 0, bytes: Buffer.from('PK'), name: 'Excel workbook' },
  '.xls': { offset: 0, bytes: Buffer.from('d0cf11e0a1b11ae1', 'hex'), name: 'Excel 97 workbook' },
};

/** Reports whether a file with this name is delimited text. */
export const isText = (fileName: string): boolean =>
  ['.csv', '.dat'].includes(extname(fileName).toLowerCase());

/**
 * Returns the problems of a file, based on its first bytes.
 *
 * @param fileName its extension determines the type
 * @param head first bytes of the file
 * @param complete whether `head` is the whole file
 * @returns one sentence for each problem; empty if the file is a table
 */
export function problemsOfTable(fileName: string, head: Buffer, complete: boolean): string[] {
  const magic = MAGIC[extname(fileName).toLowerCase()];
  if (magic) {
    const { offset, bytes, name } = magic;
    return head.subarray(offset, offset + bytes.length).equals(bytes) ? [] : [`The file is not a ${name}.`];
  }
  if (head.includes(0)) return ['The file is not text.'];
  const text = head.toString('utf8');
  try {
    const { columns, rows } = parseTable(complete ? text : text.slice(0, text.lastIndexOf('\n')));
    if (columns.length < 2) return ['The file has no header row of two or more columns.'];
    if (columns.some((column) => column === '')) return ['The header row has a column without a name.'];
    if (new Set(columns).size < columns.length) return ['The header row names a column twice.'];
    return rows.length > 0 ? [] : ['The file has no data row.'];
  } catch (error) {
    return [`The file is not a table: ${error instanceof Error ? error.message : error}`];
  }
}

/**
 * Reads delimited text with one header row. The delimiter is the one that occurs most often in the header row.
 *
 * @throws Error if rows differ in their number of columns
 */
export function parseTable(text: string): Table {
  const header = text.slice(0, text.search(/[\r\n]|$/));
  const count = (delimiter: string) => header.split(delimiter).length;
  const delimiter = [',', ';', '\t', '|', ' '].reduce((best, each) =>
    count(each) > count(best) ? each : best,
  );
  const [columns = [], ...rows] = parse(text, { bom: true, delimiter, skip_empty_lines: true, trim: true });
  return {
    columns,
    rows: rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? '']))),
  };
}
