/**
 * `npm run bench -- upload [--rounds 5 --smaller 1 --before DIR]`: compares verified uploads of large files with programs that
 * verify less, in turn. With `--before`, measures the activity of another checkout in the same rounds.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from './median.js';
import { type LargeFilesRow, largeFiles, openComparison } from './rows/large-files.js';
import { startSubject } from './upload/subject.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    smaller: { type: 'string', default: '1' },
    before: { type: 'string' },
  },
});
const before = values.before === undefined ? undefined : await startSubject(resolve(values.before));
for (const row of largeFiles) await show(row);
process.exit();

async function show({ work, peer, goal, comparison }: LargeFilesRow): Promise<void> {
  const { ours, peer: uploadByPeer, stop } = await openComparison(comparison, Number(values.smaller));
  const ways: Record<string, () => Promise<number>> = {
    [(await peer?.()) ?? 'peer']: uploadByPeer,
    ...(before ? { [`uploadFile in ${values.before}`]: () => ours(before) } : {}),
    uploadFile: () => ours(),
  };
  const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
  try {
    for (let round = 0; round <= Number(values.rounds); round++)
      for (const [name, way] of Object.entries(ways)) {
        const seconds = await way();
        if (round > 0) times.get(name)?.push(seconds); // the first round is a warm-up
      }
  } finally {
    await stop();
  }
  const [reference] = [...times.values()].map(median);
  console.log(`\n${work}${goal ? ` (goal: ${goal.is} ${goal.limit} × the first)` : ''}`);
  for (const [name, all] of times)
    console.log(
      `  ${median(all).toFixed(2)} s (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)}), ` +
        `${(median(all) / (reference ?? 0)).toFixed(2)} ×: ${name}`,
    );
}
