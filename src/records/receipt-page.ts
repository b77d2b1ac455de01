import type { Receipt } from '../contract/receipt.js';
import { page, table } from './html.js';

/** Returns a receipt as one self-contained page for people, which prints on A4. */
export function receiptPage(receipt: Receipt): string {
  const { fileName, executions, steps, batches, ...facts } = receipt;
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
    table(
      'Executions',
      ['Label', 'Execution', 'Status', 'Origin', 'Tracking ID', 'Result package'],
      executions.map(({ label, executionId, status, completion, origin, trackingId, packages = [] }) => [
        label,
        executionId,
        completion?.status ?? status,
        origin,
        trackingId,
        packages.map(({ location, sha256 }) => `${location}, SHA-256 ${sha256}`).join('; '),
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
