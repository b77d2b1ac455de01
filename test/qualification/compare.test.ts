import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ComparisonRules, compareTables } from '../../src/qualification/compare.js';
import { parseDecimal } from '../../src/qualification/decimal.js';
import { differenceText } from '../../src/qualification/difference-text.js';
import { readResultsTable } from '../../src/qualification/results-table.js';

const table = (text: string) => readResultsTable(Buffer.from(text));
const rules = (changes: Partial<ComparisonRules> = {}): ComparisonRules => ({
  tolerancePercent: parseDecimal('0.01') ?? { digits: 0n, exponent: 0 },
  text: 'exact',
  key: ['subject', 'paramcd'],
  ignore: [],
  ...changes,
});
const compare = (expected: string, actual: string, changes?: Partial<ComparisonRules>) =>
  compareTables(table(expected), table(actual), rules(changes));
const differences = (...given: Parameters<typeof compare>) =>
  compare(...given).differences.map(differenceText);

const HEADER = 'subject,paramcd,value,param\n';
const EXPECTED = `${HEADER}1,Cmax,449,"Maximum, observed"\n1,Tmax,4,Time\n2,Cmax,0.00,"Maximum, observed"\n`;

describe('results', { tags: ['REQ-17'] }, () => {
  it('equal themselves, and the values are counted', () => {
    expect(compare(EXPECTED, EXPECTED)).toEqual({
      key: ['subject', 'paramcd'],
      cells: 12,
      numbers: 6,
      differences: [],
    });
  });

  it.each([
    ['a byte order mark', `\uFEFF${EXPECTED}`],
    ['line breaks of Windows', EXPECTED.replaceAll('\n', '\r\n')],
    ['no line break at the end', EXPECTED.trimEnd()],
    ['empty lines', EXPECTED.replaceAll('\n', '\n\n')],
    ['quotes around everything', EXPECTED.replaceAll(/(?<=^|,)([^,"\n]+)(?=,|$)/gm, '"$1"')],
    [
      'rows in another order',
      `${HEADER}2,Cmax,0,"Maximum, observed"\n1,Tmax,4,Time\n1,Cmax,449,"Maximum, observed"\n`,
    ],
    [
      'columns in another order',
      'param,value,paramcd,subject\n"Maximum, observed",449,Cmax,1\nTime,4,Tmax,1\n"Maximum, observed",0,Cmax,2\n',
    ],
    [
      'numbers written otherwise',
      EXPECTED.replace('449', '4.49E+02').replace('0.00', '-0').replace('2,C', '2.0,C'),
    ],
    ['a number within the tolerance', EXPECTED.replace('449', '449.0449')],
  ])('equal the expected ones with %s', (_, actual) => {
    expect(differences(EXPECTED, actual)).toEqual([]);
  });

  it.each([
    [
      'a number beyond the tolerance',
      EXPECTED.replace('449', '449.0898'),
      'line 2, subject 1, paramcd Cmax, column value: expected 449, actual 449.0898 (+0.02 %)',
    ],
    [
      'another sign',
      EXPECTED.replace(',4,', ',-4,'),
      'line 3, subject 1, paramcd Tmax, column value: expected 4, actual -4 (-200 %)',
    ],
    [
      'a number instead of zero',
      EXPECTED.replace('0.00', '0.0001'),
      'line 4, subject 2, paramcd Cmax, column value: expected 0.00, actual 0.0001',
    ],
    [
      'NaN instead of a number',
      EXPECTED.replace('449', 'NaN'),
      'line 2, subject 1, paramcd Cmax, column value: expected 449, actual NaN',
    ],
    [
      'nothing instead of zero',
      EXPECTED.replace('0.00', ''),
      'line 4, subject 2, paramcd Cmax, column value: expected 0.00, actual ""',
    ],
    [
      'a space at the end of a text',
      EXPECTED.replace('Time', 'Time '),
      'line 3, subject 1, paramcd Tmax, column param: expected Time, actual "Time "',
    ],
    [
      'another case',
      EXPECTED.replace('Time', 'time'),
      'line 3, subject 1, paramcd Tmax, column param: expected Time, actual time',
    ],
    [
      'a line break in a text',
      EXPECTED.replace('Time', '"Ti\nme"'),
      'line 3, subject 1, paramcd Tmax, column param: expected Time, actual Ti\nme',
    ],
    [
      'a missing row',
      EXPECTED.replace('1,Tmax,4,Time\n', ''),
      'line 3, subject 1, paramcd Tmax: the row is missing in the results',
    ],
    [
      'one more row',
      `${EXPECTED}3,Cmax,1,\n`,
      'line 5, subject 3, paramcd Cmax of the results: the row is not expected',
    ],
    [
      'a row twice',
      `${EXPECTED}1,Tmax,4,Time\n`,
      'line 5, subject 1, paramcd Tmax of the results: the row is not expected',
    ],
  ])('differ from the expected ones with %s', (_, actual, text) => {
    expect(differences(EXPECTED, actual)).toEqual([text]);
  });

  it('name columns that are missing or not expected, and are compared in the others', () => {
    const actual = EXPECTED.replace('param\n', 'description\n').replace('449', '1');
    expect(differences(EXPECTED, actual)).toEqual([
      'column param is missing in the results',
      'column description of the results is not expected',
      'line 2, subject 1, paramcd Cmax, column value: expected 449, actual 1 (-99.8 %)',
    ]);
  });

  it('are matched by the other columns if one that identifies rows is missing', () => {
    const actual = EXPECTED.replaceAll(/^\w+,/gm, '');
    expect(differences(EXPECTED, actual)).toEqual(['column subject is missing in the results']);
  });

  it('are missing if there are none', () => {
    expect(differences(EXPECTED, HEADER)).toHaveLength(3);
  });

  it('can differ in spaces or in case, if the rules allow it', () => {
    expect(differences(EXPECTED, EXPECTED.replace('Time', ' Time '), { text: 'trimmed' })).toEqual([]);
    expect(differences(EXPECTED, EXPECTED.replace('Time', 'time'), { text: 'trimmed' })).toHaveLength(1);
    expect(differences(EXPECTED, EXPECTED.replaceAll('max', 'MAX'), { text: 'ignore-case' })).toEqual([]);
  });

  it('are not compared in the columns that the rules ignore', () => {
    const actual = EXPECTED.replace('param\n', 'time\n').replace('449', '1');
    expect(compare(EXPECTED, actual, { ignore: ['param', 'time', 'value'] })).toMatchObject({
      cells: 6,
      differences: [],
    });
  });

  it('are compared in order if no column identifies a row', () => {
    const [first = '', second = ''] = ['a,b\n1,x\n2,y\n', 'a,b\n2,y\n1,x\n'];
    expect(differences(first, second)).toHaveLength(4);
    expect(differences(first, second, { key: ['a'] })).toEqual([]);
  });

  it('with the same key are compared in order', () => {
    const actual = 'subject,value\n1,5\n1,6\n';
    expect(differences(actual, actual)).toEqual([]);
    expect(differences(actual, 'subject,value\n1,6\n1,5\n')).toHaveLength(2);
  });
});

const cell = fc.oneof(
  fc.string(),
  fc.double().map(String),
  fc.constantFrom('', 'BLQ', 'a,b', 'a\nb', '"', ' x ', 'NaN', '-0', '1e-7', '=1+1'),
);
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const csv = (rows: readonly (readonly string[])[], lineBreak = '\n') =>
  rows.map((row, index) => [String(index), ...row].map(quoted).join(',')).join(lineBreak);
const rowsOf = (columns: number) =>
  fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1 });

describe('any table', { tags: ['REQ-17'] }, () => {
  const header = '"id","a","b"';
  const key = ['id'];

  it('equals itself in any order of its rows', () => {
    fc.assert(
      fc.property(rowsOf(2), fc.boolean(), (rows, isWindows) => {
        const lines = csv(rows, '\u0000').split('\u0000');
        const expected = [header, ...lines].join('\n');
        const actual = [header, ...lines.reverse()].join(isWindows ? '\r\n' : '\n');
        expect(differences(expected, actual, { key })).toEqual([]);
      }),
    );
  });

  it('differs in exactly the one text that was changed', () => {
    fc.assert(
      fc.property(rowsOf(2), fc.nat(), (rows, index) => {
        const changed = rows.map((row, at) => (at === index % rows.length ? ['changed', row[1] ?? ''] : row));
        fc.pre(rows[index % rows.length]?.[0] !== 'changed');
        const [expected, actual] = [rows, changed].map((each) => `${header}\n${csv(each)}`);
        expect(compare(expected ?? '', actual ?? '', { key }).differences).toMatchObject([
          { kind: 'value', row: `id ${index % rows.length}`, column: 'a', actual: 'changed' },
        ]);
      }),
    );
  });
});
