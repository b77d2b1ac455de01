import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { executionsFor, table } from '../../test/support/tables.js';

/** A file, and its executions. */
export interface WorkFile {
  readonly fileName: string;
  readonly path: string;
  /** Labels of the executions. */
  readonly labels: readonly string[];
}

const KB = 1024;
const MB = 1024 * KB;
const LABELS = ['day 1', 'day 7', 'day 14'];
const LARGE_BYTES = 30 * MB;
const FILES_A_LARGE_ONE = 100;

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
 */
export async function makeWork(folder: string, count: number, random: () => number): Promise<WorkFile[]> {
  await mkdir(folder, { recursive: true });
  const work: WorkFile[] = [];
  for (let index = 0; index < count; index++) {
    const fileName = `chaos-${index + 1}.csv`;
    const path = join(folder, fileName);
    const isLarge = index % FILES_A_LARGE_ONE === 3;
    await writeFile(path, table(isLarge ? LARGE_BYTES : sizeBy(random)));
    work.push({ fileName, path, labels: LABELS.slice(0, 1 + Math.floor(random() * LABELS.length)) });
  }
  return work;
}

/** Returns the executions of a file for a request, each with its own configuration. */
export const executionsOf = ({ labels }: WorkFile) => executionsFor(labels);

/** Returns a key for the work of an execution: this configuration on this file. */
export const workKey = (fileName: string | undefined, label: unknown): string => `${fileName}, ${label}`;

function sizeBy(random: () => number): number {
  const position = random();
  const { least, most } = sizes.find(({ share }) => position < share) ?? { least: KB, most: KB };
  return Math.round(least * (most / least) ** random());
}
