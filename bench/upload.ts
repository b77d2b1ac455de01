/**
 * `npm run bench -- upload [--rounds 5 --smaller 1 --before DIR]`: compares verified uploads of large files with programs that
 * verify less, in turn. With `--before`, measures the activity of another checkout in the same rounds.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type LargeFilesRow, largeFiles, openComparison } from './rows/large-files.js';
import { inTurn } from './suite/row.js';
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
  const measured = Object.entries(await inTurn(Number(values.rounds), ways).finally(stop));
  const [[, reference] = []] = measured;
  console.log(`\n${work}${goal ? ` (goal: ${goal.is} ${goal.limit} × the first)` : ''}`);
  for (const [name, { median, min, max }] of measured)
    console.log(
      `  ${median.toFixed(2)} s (${min.toFixed(2)} to ${max.toFixed(2)}), ` +
        `${(median / (reference?.median ?? 0)).toFixed(2)} ×: ${name}`,
    );
}
