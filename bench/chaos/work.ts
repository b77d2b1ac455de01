import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configuration, table } from '../../test/support/tables.js';

/** One file, and what is to be analysed in it. */
export interface WorkFile {
  readonly fileName: string;
  readonly path: string;
  /** One execution each. */
  readonly labels: readonly string[];
}

const KB = 1024;
const MB = 1024 * KB;
const LABELS = ['day 1', 'day 7', 'day 14'];
const LARGE_BYTES = 30 * MB;
const FILES_A_LARGE_ONE = 100;

/** Ranges of sizes, and the share of files that is of this range or a smaller one. */
const sizes = [
  { share: 0.7, least: KB, most: 100 * KB },
  { share: 0.95, least: 100 * KB, most: MB },
  { share: 1, least: MB, most: 4 * MB },
];

/**
 * Writes files of mixed sizes, mostly small, one in a hundred large, each unlike any other.
 *
 * @param roll dice that choose sizes and labels
 */
export async function makeWork(folder: string, count: number, roll: () => number): Promise<WorkFile[]> {
  await mkdir(folder, { recursive: true });
  const work: WorkFile[] = [];
  for (let index = 0; index < count; index++) {
    const fileName = `chaos-${index + 1}.csv`;
    const path = join(folder, fileName);
    const isLarge = index % FILES_A_LARGE_ONE === 3;
    await writeFile(path, table(isLarge ? LARGE_BYTES : sizeBy(roll)));
    work.push({ fileName, path, labels: LABELS.slice(0, 1 + Math.floor(roll() * LABELS.length)) });
  }
  return work;
}

/** The executions of a file, as a request has them: each of a configuration of its own. */
export const executionsOf = ({ labels }: WorkFile) =>
  labels.map((label) => ({ label, configuration: { ...configuration, analysis: label } }));

/** What an execution stands for: this configuration on this file. */
export const workKey = (fileName: string | undefined, label: unknown): string => `${fileName}, ${label}`;

function sizeBy(roll: () => number): number {
  const place = roll();
  const { least, most } = sizes.find(({ share }) => place < share) ?? { least: KB, most: KB };
  return Math.round(least * (most / least) ** roll());
}
