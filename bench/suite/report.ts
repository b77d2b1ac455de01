import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, type as osType, release, totalmem } from 'node:os';
import { VERSION } from '../../src/util/version.js';
import { versionOf } from './package-version.js';
import type { Goal, Measured } from './row.js';

/** Results of one row, as they are stored. */
export interface Result extends Measured {
  readonly name: string;
  readonly work: string;
  readonly unit: string;
  /** Name and version of the peer. */
  readonly against?: string;
  readonly goal?: Goal;
  /** Ours divided by the peer. */
  readonly ratio?: number;
  /** Whether the goal is reached. */
  readonly reached?: boolean;
}

/** Results of a run. Two of them can be compared. */
export interface Report {
  readonly at: string;
  readonly commit: string;
  /** Commit of the code before, if it was measured. */
  readonly before?: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Result[];
}

/**
 * Describes this machine, this checkout, and what both sides are made of.
 *
 * @param before folder of another checkout that is measured too
 */
export async function describeRun(before?: string): Promise<Omit<Report, 'rows'>> {
  return {
    at: new Date().toISOString(),
    commit: commitOf('.'),
    ...(before === undefined ? {} : { before: commitOf(before) }),
    machine: `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 1e9)} GB, ${osType()} ${release()}`,
    versions: {
      'aplos-upload-worker': VERSION,
      'Node.js': process.version,
      '@temporalio/worker': await versionOf('@temporalio/worker'),
      undici: await versionOf('undici'),
    },
  };
}

/** Returns the commit of a checkout, and whether its files were changed since. */
function commitOf(folder: string): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ' with changes' : ''}`;
}

/** Returns what a row measured, with its ratio, and whether it reached its goal. */
export function judge(row: Omit<Result, 'ratio' | 'reached'>): Result {
  const ratio = row.peer && row.ours.median / row.peer.median;
  const value = row.goal?.of === 'ratio' ? ratio : row.ours.median;
  if (!row.goal || value === undefined) return { ...row, ...(ratio === undefined ? {} : { ratio }) };
  const reached = row.goal.is === 'at most' ? value <= row.goal.limit : value >= row.goal.limit;
  return { ...row, ...(ratio === undefined ? {} : { ratio }), reached };
}

/** Returns the line of one result, as Markdown. */
export function lineOf({
  name,
  work,
  unit,
  ours,
  peer,
  before,
  against,
  goal,
  ratio,
  reached,
}: Result): string {
  const shown = (stats: typeof ours | undefined) =>
    stats === undefined
      ? '–'
      : `${digits(stats.median)}${stats.rounds > 1 ? ` (${digits(stats.min)}–${digits(stats.max)})` : ''}`;
  const wanted = goal ? `${goal.is} ${goal.limit}${goal.of === 'ratio' ? ' ×' : ` ${unit}`}` : '–';
  const cells = [
    name,
    work,
    `${shown(ours)} ${unit}`,
    shown(peer),
    ratio === undefined ? '–' : ratio.toFixed(2),
    shown(before),
    before && peer ? (before.median / peer.median).toFixed(2) : '–',
    wanted,
    reached === undefined ? '' : reached ? '✓' : '✗',
    against ?? '–',
  ];
  return `| ${cells.join(' | ')} |`;
}

export const HEADER = [
  '| row | work | ours: median (range) | peer | ratio | before | ratio before | goal | | peer and version |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
];

/** Returns a table that compares two runs. Ratios to a peer hold on any machine; values only on the same. */
export function comparison(before: Report, after: Report): string[] {
  const rows = after.rows.map((row) => {
    const earlier = before.rows.find(({ name }) => name === row.name);
    const change = earlier && row.ours.median / earlier.ours.median;
    const cells = [
      row.name,
      `${earlier ? digits(earlier.ours.median) : '–'} → ${digits(row.ours.median)} ${row.unit}`,
      change === undefined ? '–' : change.toFixed(2),
      row.ratio === undefined ? '–' : `${earlier?.ratio?.toFixed(2) ?? '–'} → ${row.ratio.toFixed(2)}`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `${before.commit} (${before.at}, ${before.machine})`,
    `${after.commit} (${after.at}, ${after.machine})`,
    '',
    '| row | ours | after / before | ratio to the peer |',
    '| --- | --- | --- | --- |',
    ...rows,
  ];
}

/** Returns a number with three significant digits. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}
