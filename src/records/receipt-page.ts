import type { Receipt, StartedExecution } from '../contract/receipt.js';
import { page, table } from './html.js';

/** Returns the latest status of an execution that is known. */
export const statusText = ({ status, completion }: StartedExecution): string => completion?.status ?? status;

/** Returns where the result packages of an execution are, and what they contain. */
export const packagesText = ({ packages = [] }: StartedExecution): string =>
  packages.map(({ location, sha256 }) => `${location}, SHA-256 ${sha256}`).join('; ');

/** Returns a receipt as one self-contained page for people, which prints on A4. */
export function receiptPage(receipt: Receipt): string {
  const { fileName, executions, steps, batches, resets = [], ...facts } = receipt;
  const scalars = Object.entries(facts).filter(([, value]) => typeof value !== 'object');
  return page(`Receipt of ${fileName}`, [
    table(
      'Upload',
      ['What', 'Value'],
      [
        ['fileName', fileName],
        ...scalars.map(([name, value]) => [name, String(value)]),
        ...(batches.length > 0 ? [['batches', batches.join(', ')]] : []),
      ],
    ),
    ...(resets.length > 0
      ? [
          table(
            'Replays that led to this run',
            ['Time', 'Run before', 'Reason'],
            resets.map(({ at, runId, reason }) => [at, runId, reason]),
          ),
        ]
      : []),
    table(
      'Executions',
      ['Label', 'Execution', 'Status', 'Origin', 'Tracking ID', 'Result package'],
      executions.map((execution) => [
        execution.label,
        execution.executionId,
        statusText(execution),
        execution.origin,
        execution.trackingId,
        packagesText(execution),
      ]),
    ),
    table(
      'Steps',
      ['Step', 'Label', 'Started', 'Finished', 'Attempts'],
      steps.map(({ step, label = '', startedAt, finishedAt, attempts }) => [
        step,
        label,
        startedAt,
        finishedAt,
        String(attempts),
      ]),
    ),
  ]);
}
