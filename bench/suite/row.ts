import { median } from '../median.js';
import type { BenchWorld } from './world.js';

/** How much a row measures. The smoke run of the tests only shows that each row works. */
export interface Effort {
  /** Number of measurements of ours and of the peer, in turn. */
  readonly rounds: number;
  /** Divisor of sizes and numbers of files. 1 in a full run. */
  readonly smaller: number;
}

/** What a row has to reach. */
export interface Goal {
  /** `ratio`: ours divided by the peer. `value`: ours alone. */
  readonly of: 'ratio' | 'value';
  readonly is: 'at most' | 'at least';
  readonly limit: number;
}

/** Median and range of what was measured, in the unit of its row. */
export interface Stats {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** What a row has measured. */
export interface Measured {
  readonly ours: Stats;
  readonly peer?: Stats;
}

/** One row of the table. */
export interface Row {
  /** Short name, for `--only`. */
  readonly name: string;
  readonly work: string;
  readonly unit: string;
  /** What ours is compared with, and its version. Default: nothing. */
  readonly peer?: () => Promise<string>;
  /** Default: the row only informs. */
  readonly goal?: Goal;
  measure(world: BenchWorld, effort: Effort): Promise<Measured>;
}

/** Returns median and range of measurements. */
export const statsOf = (values: readonly number[]): Stats => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
  rounds: values.length,
});

/**
 * Measures several ways in turn, so that what else the machine does affects all alike. A first round does not count. Their order is
 * reversed with each round.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  ways: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, Stats>> {
  const order = Object.keys(ways) as Name[];
  const values = new Map(order.map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of order) {
      const value = await ways[name]();
      if (round > 0) values.get(name)?.push(value);
    }
    order.reverse();
  }
  const stats = [...values].map(([name, each]) => [name, statsOf(each)]);
  return Object.fromEntries(stats) as Record<Name, Stats>;
}

/** Returns the seconds that some work takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return (performance.now() - before) / 1000;
}
