import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { executionsFor, table } from '../../test/support/tables.js';

/**
 * How a file is asked for a second time. `overlap`: at the same moment, with one configuration more. The others follow when the
 * file is done. `deleted`: after its workflow was deleted in Temporal. `added`: with one configuration more. `batch`: in
 * another batch.
 */
export type Repeat = 'overlap' | 'deleted' | 'added' | 'batch';

/** A file, its executions, and how it is asked for again. */
export interface WorkFile {
  readonly fileName: string;
  readonly path: string;
  /** Labels of the executions. */
  readonly labels: readonly string[];
  readonly repeat?: Repeat;
}

const KB = 1024;
const MB = 1024 * KB;
const LABELS = ['day 1', 'day 7', 'day 14'];
const ADDED_LABEL = 'day 28';
const LARGE_BYTES = 30 * MB;
const FILES_A_LARGE_ONE = 100;

/** Half of the files are asked for once. */
const REPEATS: readonly (Repeat | undefined)[] = [
  'deleted',
  'added',
  'batch',
  'overlap',
  ...Array.from({ length: 4 }, () => undefined),
];

/** Size ranges, and the share of files in this or a smaller range. */
const sizes = [
  { share: 0.7, least: KB, most: 100 * KB },
  { share: 0.95, least: 100 * KB, most: MB },
  { share: 1, least: MB, most: 4 * MB },
];

/**
 * Writes distinct files of mixed sizes, mostly small, one in a hundred large.
 *
 * @param random chooses sizes and labels
 * @param isEachAskedOnce whether each file is asked for once, with all configurations
 */
export async function makeWork(
  folder: string,
  count: number,
  random: () => number,
  isEachAskedOnce: boolean,
): Promise<WorkFile[]> {
  await mkdir(folder, { recursive: true });
  const work: WorkFile[] = [];
  for (let index = 0; index < count; index++) {
    const fileName = `chaos-${index + 1}.csv`;
    const path = join(folder, fileName);
    const isLarge = index % FILES_A_LARGE_ONE === 3;
    await writeFile(path, table(isLarge ? LARGE_BYTES : sizeBy(random)));
    const labels = isEachAskedOnce ? LABELS : LABELS.slice(0, 1 + Math.floor(random() * LABELS.length));
    const repeat = isEachAskedOnce ? undefined : REPEATS[index % REPEATS.length];
    work.push({ fileName, path, labels, ...(repeat === undefined ? {} : { repeat }) });
  }
  return work;
}

/** Returns the labels of the executions that a file is asked for with, the second time. */
export const repeatedLabels = ({ labels, repeat }: WorkFile): readonly string[] =>
  repeat === 'overlap' || repeat === 'added' ? [...labels, ADDED_LABEL] : labels;

/** Returns executions for a request, each with its own configuration. */
export const executionsOf = (labels: readonly string[]) => executionsFor(labels);

/** Returns a key for the work of an execution: this configuration on this file. */
export const workKey = (fileName: string | undefined, label: unknown): string => `${fileName}, ${label}`;

function sizeBy(random: () => number): number {
  const position = random();
  const { least, most } = sizes.find(({ share }) => position < share) ?? { least: KB, most: KB };
  return Math.round(least * (most / least) ** random());
}
