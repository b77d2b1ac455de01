import { median } from './median.js';

/** Median and range of the seconds that something takes. */
export interface Seconds {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/**
 * Runs each piece of work once a round, in turn, so that what else the machine does affects all of them alike. The first round
 * is a warm-up.
 *
 * @param ways work by its name. A number that it returns is its duration in seconds; otherwise it is measured
 */
export async function inTurn(
  ways: Readonly<Record<string, () => Promise<unknown>>>,
  rounds: number,
): Promise<Readonly<Record<string, Seconds>>> {
  const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, work] of Object.entries(ways)) {
      const startedAt = performance.now();
      const measured = await work();
      const seconds = typeof measured === 'number' ? measured : (performance.now() - startedAt) / 1000;
      if (round > 0) times.get(name)?.push(seconds);
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, summary(all)]));
}

const summary = (all: readonly number[]): Seconds => ({
  median: median(all),
  min: Math.min(...all),
  max: Math.max(...all),
  rounds: all.length,
});
