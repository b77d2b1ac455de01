import { type Decimal, deviationPercent, isWithin, normalized, parseDecimal } from './decimal.js';
import type { ResultsRow, ResultsTable } from './results-table.js';
import type { TextRule } from './text-rules.js';

/** How tables are compared. */
export interface ComparisonRules {
  /** Largest deviation of a number, in percent of the expected one, as a decimal number. */
  readonly tolerancePercent: Decimal;
  readonly text: TextRule;
  /** Columns that identify a row, as far as both tables have them. None: rows are compared in order. */
  readonly key: readonly string[];
  /** Columns that are not compared. */
  readonly ignore: readonly string[];
}

/** A difference between a table and the expected one. */
export interface Difference {
  readonly kind: 'value' | 'missing-row' | 'unexpected-row' | 'missing-column' | 'unexpected-column';
  /** Line of the row in the expected table, or, if the row is unexpected, in the actual one. 1 is the header. */
  readonly line: number;
  /** Values that identify the row, such as `subject 1, paramcd Cmax`. Absent for a column, and if rows have no key. */
  readonly row?: string;
  /** Absent for a row. */
  readonly column?: string;
  readonly expected?: string;
  readonly actual?: string;
  /** Deviation of a number in percent of the expected one, rounded. Absent for text, and if zero is expected. */
  readonly deviationPercent?: number;
}

/** Result of a comparison. */
export interface Comparison {
  /** Columns that identified the rows. */
  readonly key: readonly string[];
  /** Number of cells that were compared. */
  readonly cells: number;
  /** Number of these that are numbers in both tables. */
  readonly numbers: number;
  readonly differences: readonly Difference[];
}

/**
 * Compares a table with the expected one. Columns are matched by name. Rows are matched by their key, so neither order counts;
 * rows with the same key are matched in order.
 */
export function compareTables(
  expected: ResultsTable,
  actual: ResultsTable,
  rules: ComparisonRules,
): Comparison {
  const isCompared = (column: string) => !rules.ignore.includes(column);
  const expectedColumns = expected.columns.filter(isCompared);
  const actualColumns = actual.columns.filter(isCompared);
  const columns = columnDifferences(expectedColumns, actualColumns);
  const shared = expectedColumns.filter((column) => actualColumns.includes(column));
  const key = shared.filter((column) => rules.key.includes(column));
  const unmatched = groupByKey(actual.rows, key, rules.text);
  let numbers = 0;
  let cells = 0;
  const differences = expected.rows.flatMap((row): Difference[] => {
    const match = unmatched.get(keyOf(row, key, rules.text))?.shift();
    const place = placeOf(row, key);
    if (!match) return [{ kind: 'missing-row', ...place }];
    return shared.flatMap((column) => {
      const cell = compareCells(row.cells.get(column) ?? '', match.cells.get(column) ?? '', rules);
      cells += 1;
      if (cell.isNumber) numbers += 1;
      return cell.difference ? [{ ...cell.difference, ...place, column }] : [];
    });
  });
  const unexpected = [...unmatched.values()]
    .flat()
    .map((row): Difference => ({ kind: 'unexpected-row', ...placeOf(row, key) }));
  return { key, cells, numbers, differences: [...columns, ...differences, ...unexpected] };
}

function columnDifferences(expected: readonly string[], actual: readonly string[]): Difference[] {
  const line = 1;
  return [
    ...expected
      .filter((column) => !actual.includes(column))
      .map((column): Difference => ({ kind: 'missing-column', line, column })),
    ...actual
      .filter((column) => !expected.includes(column))
      .map((column): Difference => ({ kind: 'unexpected-column', line, column })),
  ];
}

type Cell = {
  readonly isNumber: boolean;
  readonly difference?: Pick<Difference, 'kind'> & Partial<Difference>;
};

function compareCells(expected: string, actual: string, { tolerancePercent, text }: ComparisonRules): Cell {
  const [expectedNumber, actualNumber] = [parseDecimal(expected.trim()), parseDecimal(actual.trim())];
  if (expectedNumber && actualNumber) {
    if (isWithin(expectedNumber, actualNumber, tolerancePercent)) return { isNumber: true };
    const deviation = deviationPercent(expectedNumber, actualNumber);
    return {
      isNumber: true,
      difference: {
        kind: 'value',
        expected,
        actual,
        ...(deviation === undefined ? {} : { deviationPercent: deviation }),
      },
    };
  }
  return isSameText(expected, actual, text)
    ? { isNumber: false }
    : { isNumber: false, difference: { kind: 'value', expected, actual } };
}

const isSameText = (expected: string, actual: string, rule: TextRule): boolean =>
  comparable(expected, rule) === comparable(actual, rule);

function comparable(text: string, rule: TextRule): string {
  if (rule === 'exact') return text;
  return rule === 'trimmed' ? text.trim() : text.trim().toLowerCase();
}

function groupByKey(
  rows: readonly ResultsRow[],
  key: readonly string[],
  rule: TextRule,
): Map<string, ResultsRow[]> {
  const groups = new Map<string, ResultsRow[]>();
  for (const row of rows) {
    const name = keyOf(row, key, rule);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}

/** Returns what identifies a row. A number has one form, so that `1` is found as `1.0`. */
const keyOf = ({ cells }: ResultsRow, key: readonly string[], rule: TextRule): string =>
  JSON.stringify(
    key.map((column) => {
      const text = cells.get(column) ?? '';
      const number = parseDecimal(text.trim());
      return number ? normalized(number) : comparable(text, rule);
    }),
  );

const placeOf = ({ cells, line }: ResultsRow, key: readonly string[]): Pick<Difference, 'line' | 'row'> =>
  key.length === 0
    ? { line }
    : { line, row: key.map((column) => `${column} ${cells.get(column) ?? ''}`).join(', ') };
