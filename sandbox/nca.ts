import { z } from 'zod';
import type { Table } from './table.js';

const columnName = z.string().optional();

const columnsSchema = z.object({
  time: columnName,
  unique_id: columnName,
  /** The key in camelCase. */
  uniqueId: columnName,
  concentration: z.object({ observed: columnName, analyzed: columnName }).optional(),
  sorting: z.array(z.string()).optional(),
  grouping: z.array(z.string()).optional(),
});

/** The `columns` of a configuration. */
export type ConfiguredColumns = Omit<z.output<typeof columnsSchema>, 'uniqueId'>;

/**
 * Returns the `columns` of a configuration, whose keys are in snake_case or in camelCase.
 *
 * @throws Error if they are not as the vendor describes them
 */
export function columnsIn(configuration: Readonly<Record<string, unknown>>): ConfiguredColumns {
  const parsed = columnsSchema.safeParse(configuration.columns ?? {});
  if (!parsed.success)
    throw new Error(`The columns of the configuration are invalid: ${problems(parsed.error)}`);
  const { uniqueId, unique_id = uniqueId, ...columns } = parsed.data;
  return { ...columns, unique_id };
}

const problems = ({ issues: [first] }: z.ZodError): string =>
  first ? `${z.core.toDotPath(first.path)}: ${first.message}` : '';

/** Returns every column that a configuration names. */
export function columnsNamed(columns: ConfiguredColumns): string[] {
  const { time, unique_id, concentration, sorting = [], grouping = [] } = columns;
  const named = [time, unique_id, concentration?.observed, concentration?.analyzed, ...sorting, ...grouping];
  return [...new Set(named.filter((name) => typeof name === 'string'))];
}

/**
 * Runs a small non-compartmental analysis: Cmax, Tmax and AUClast by the linear trapezoidal rule, with a row for each group,
 * or for each subject if there is no grouping. Concentrations that are not numbers, such as "BLQ", are skipped.
 *
 * @returns rows of a CSV, header first
 */
export function analyse(table: Table, columns: ConfiguredColumns): string[][] {
  const { time = '', unique_id = '', concentration = {}, grouping = [] } = columns;
  const keys = grouping.length > 0 ? [...new Set(grouping)] : [unique_id];
  const groups = new Map<string, { names: string[]; points: { time: number; conc: number }[] }>();
  for (const row of table.rows) {
    const names = keys.map((key) => row[key] ?? '');
    const group = groups.get(names.join('\0')) ?? { names, points: [] };
    groups.set(names.join('\0'), group);
    const text = row[concentration.analyzed ?? concentration.observed ?? ''] ?? '';
    const point = { time: Number(row[time]), conc: Number(text) };
    if (text !== '' && Number.isFinite(point.time) && Number.isFinite(point.conc)) group.points.push(point);
  }
  const rows = [...groups.values()].map(({ names, points }) => [...names, ...parameters(points)]);
  return [[...keys, 'n', 'cmax', 'tmax', 'tlast', 'auclast'], ...rows];
}

function parameters(unsorted: { time: number; conc: number }[]): string[] {
  const points = unsorted.sort((one, other) => one.time - other.time);
  const last = points.findLastIndex(({ conc }) => conc > 0);
  if (last < 0) return [`${points.length}`, '', '', '', ''];
  const peak = points.reduce((best, point) => (point.conc > best.conc ? point : best));
  const auc = points.slice(0, last + 1).reduce((sum, { time, conc }, index) => {
    const before = points[index - 1];
    return before ? sum + ((time - before.time) * (conc + before.conc)) / 2 : sum;
  }, 0);
  const rounded = (value: number | undefined) =>
    value === undefined ? '' : String(Number(value.toPrecision(6)));
  return [
    `${points.length}`,
    rounded(peak.conc),
    rounded(peak.time),
    rounded(points[last]?.time),
    rounded(auc),
  ];
}
