import { randomInt } from 'node:crypto';
import type { ExecutionEnd } from '../../sandbox/options.js';

const HEADER = 'subject,time,conc\n';
const ROWS_A_BLOCK = 2_000;

/** Returns a unique concentration-time table of about this size. */
export function table(bytes: number): Buffer {
  const block = Buffer.from(
    Array.from({ length: ROWS_A_BLOCK }, (_, row) => `1,${row},${randomInt(1e9)}\n`).join(''),
  );
  const blocks = Math.ceil(bytes / block.length);
  const rows = Buffer.concat(Array.from({ length: blocks }, () => block)).subarray(0, bytes);
  return Buffer.concat([Buffer.from(HEADER), rows.subarray(0, rows.lastIndexOf('\n') + 1)]);
}

/** Returns a table of two rows. Tables with different values are different files. */
export const smallTable = (value: number): string => `${HEADER}1,0,0\n1,1,${value}\n`;

/** Configuration for these tables. */
export const configuration = {
  version: '2024-02-22',
  columns: { time: 'time', unique_id: 'subject', concentration: { analyzed: 'conc' } },
};

/** Returns an execution for each label, each with a configuration of its own, as the same analysis is not started twice. */
export const executionsFor = (labels: readonly string[]) =>
  labels.map((label) => ({ label, configuration: { ...configuration, analysis: label } }));

/** Ends the executions of a configuration as its field `endAs` says. */
export const endAs = ({ endAs: status }: Readonly<Record<string, unknown>>): ExecutionEnd | undefined =>
  typeof status === 'string'
    ? {
        status: status as ExecutionEnd['status'],
        errors: status === 'running' ? [] : [`Made to be ${status}.`],
      }
    : undefined;
