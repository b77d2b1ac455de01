import { apiLoad } from '../rows/api-load.js';
import { largeFiles } from '../rows/large-files.js';
import { memory } from '../rows/memory.js';
import { processes } from '../rows/processes.js';
import { smallFiles } from '../rows/small-files.js';
import { temporalLoad } from '../rows/temporal-load.js';
import { judge, type Result } from './report.js';
import type { Effort, Row } from './row.js';
import type { BenchWorld } from './world.js';

/** All rows of `npm run bench`, in order. */
export const ROWS: readonly Row[] = [
  ...largeFiles,
  ...processes,
  ...temporalLoad,
  ...smallFiles,
  ...memory,
  ...apiLoad,
];

/** Measures rows one after the other, and stops the servers at the end. */
export async function* measureRows(
  rows: readonly Row[],
  world: BenchWorld,
  effort: Effort,
): AsyncGenerator<Result> {
  try {
    for (const { measure, peer, ...about } of rows) {
      const against = await peer?.();
      const measured = await measure(world, effort);
      yield judge({ ...about, ...measured, ...(against === undefined ? {} : { against }) });
    }
  } finally {
    await world.stop();
  }
}
