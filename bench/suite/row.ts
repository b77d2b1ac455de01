import type { BenchWorld } from './world.js';

/** How much a row measures. The smoke run of the tests only shows that each row works. */
export interface Effort {
  /** How often ours and the peer are measured, in turn. */
  readonly rounds: number;
  /** Divides sizes and numbers of files. */
  readonly smaller: number;
}

/** What a row has to reach. */
export interface Goal {
  /** `ratio`: ours divided by the peer. `value`: ours alone. */
  readonly of: 'ratio' | 'value';
  readonly is: 'at most' | 'at least';
  readonly limit: number;
}

/** What a row has measured, in its unit. */
export interface Samples {
  readonly ours: readonly number[];
  /** Empty if the row has no peer. */
  readonly peer: readonly number[];
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
  measure(world: BenchWorld, effort: Effort): Promise<Samples>;
}

/** Measures ours and the peer in turn, after one round that does not count. Which of them comes first changes with each round. */
export async function inTurn(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Samples> {
  const samples = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const);
    for (const side of order) {
      const value = await (side === 'ours' ? ours() : peer());
      if (round > 0) samples[side].push(value);
    }
  }
  return samples;
}

/** Returns the seconds that some work takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return (performance.now() - before) / 1000;
}
