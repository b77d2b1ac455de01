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
  readonly peer?: Stats | undefined;
  /** The same work with the code of another checkout. */
  readonly before?: Stats | undefined;
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

/** Does some work once, and returns how long it took or how fast it was. */
export type Measurement = () => Promise<number>;

/**
 * Measures several ways in turn, so that what else the machine does affects all alike. A first round does not count. Their order is
 * reversed with each round. A way that is `undefined` is left out.
 */
export async function inTurn<Ways extends Readonly<Record<string, Measurement | undefined>>>(
  rounds: number,
  ways: Ways,
): Promise<{ [Name in keyof Ways]: Stats | Extract<Ways[Name], undefined> }> {
  const order = Object.entries(ways).flatMap(([name, way]) => (way ? [{ name, way }] : []));
  const values = new Map(order.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, way } of order) {
      const value = await way();
      if (round > 0) values.get(name)?.push(value);
    }
    order.reverse();
  }
  const stats = [...values].map(([name, each]) => [name, statsOf(each)]);
  return Object.fromEntries(stats) as Awaited<ReturnType<typeof inTurn<Ways>>>;
}

/** Returns the seconds that some work takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return (performance.now() - before) / 1000;
}
