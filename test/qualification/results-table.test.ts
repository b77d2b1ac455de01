import { expect, it } from 'vitest';
import { readResultsTable, TableError } from '../../src/qualification/results-table.js';

const read = (text: string | Buffer) => readResultsTable(Buffer.from(text));

it('a table of results has the lines of its rows, also after a line break in a cell', () => {
  const { columns, rows } = read('a,b\n1,"x\ny"\n\n2,"say ""hi"""\n');
  expect(columns).toEqual(['a', 'b']);
  expect(rows.map(({ line, cells }) => [line, ...cells.values()])).toEqual([
    [3, '1', 'x\ny'],
    [5, '2', 'say "hi"'],
  ]);
});

it.each([
  ['', 'is empty'],
  ['\n\n', 'is empty'],
  ['a,a\n1,2\n', 'has the column "a" twice'],
  ['a,,c\n1,2,3\n', 'has no name for column 2 in its header row'],
  ['a,b\n1\n', 'is not a CSV file: Invalid Record Length: expect 2, got 1 on line 2'],
  ['a,b\n1,"2\n', 'is not a CSV file: '],
  [Buffer.from('a,b\n1,\xfc\n', 'latin1'), 'is not UTF-8 in line 2'],
  [Buffer.from('a,b\n1,2\n', 'utf16le'), 'is UTF-16'],
])('%j is no table of results, and the error says why', (text, message) => {
  expect(() => read(text)).toThrow(TableError);
  expect(() => read(text)).toThrow(message);
});
