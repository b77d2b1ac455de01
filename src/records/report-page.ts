import type { Ending } from '../contract/ending.js';
import type { Receipt, StartedExecution } from '../contract/receipt.js';
import {
  type BatchReport,
  type ReportedRecord,
  type ReportedUpload,
  runsOf,
  type StepDurations,
} from './batch-report.js';
import { escapeHtml, page, table } from './html.js';
import { packagesText, statusText } from './receipt-page.js';

/** Returns the report of a batch as one self-contained page for people, which prints on A4. */
export function reportPage(report: BatchReport): string {
  const { batch, createdAt, totals, steps, uploads } = report;
  return page(`Report of the batch ${batch}`, [
    `<p>Written at <time datetime="${escapeHtml(createdAt)}">${escapeHtml(createdAt)}</time>.</p>`,
    table(
      'Summary',
      ['What', 'Number'],
      [
        ['Uploads', number(totals.uploads)],
        ...Object.entries(totals.states).map(([state, count]) => [`Uploads ${state}`, number(count)]),
        ...Object.entries(totals.failures).map(([code, count]) => [`Failed with ${code}`, number(count)]),
        ['Bytes stored', number(totals.bytes)],
        ['Executions started, charged if they succeed', number(totals.executionsStarted)],
        ['Executions found, not started again', number(totals.executionsFound)],
        ['Result packages', number(totals.packages)],
      ],
    ),
    chartOf(steps),
    failuresOf(uploads),
    table(
      'Files',
      ['File', 'State', 'Bytes', 'SHA-256', 'MD5', 'File ID', 'Record'],
      uploads.map(({ fileName, state, record }) => {
        const { sizeBytes, sha256 = '', md5 = '', fileId = '' } = contentOf(record) ?? {};
        return [
          fileName,
          state,
          sizeBytes === undefined ? '' : number(sizeBytes),
          sha256,
          md5,
          fileId,
          record?.file ?? '',
        ];
      }),
    ),
    earlierRunsOf(uploads),
    table(
      'Executions',
      ['File', 'Label', 'Execution', 'Status', 'Origin', 'Result package'],
      uploads.flatMap((upload) =>
        executionsOf(upload).map((execution) => [
          upload.fileName,
          execution.label,
          execution.executionId,
          statusText(execution),
          execution.origin,
          packagesText(execution),
        ]),
      ),
    ),
  ]);
}

const number = (value: number): string => value.toLocaleString('en');

function failuresOf(uploads: readonly ReportedUpload[]): string {
  const failed = uploads.flatMap(({ fileName, failure }) => (failure ? [{ fileName, ...failure }] : []));
  return failed.length === 0
    ? ''
    : table(
        'Failures',
        ['File', 'Code', 'What happened, and what to do'],
        failed.map(({ fileName, code, message }) => [fileName, code, message]),
      );
}

function earlierRunsOf(uploads: readonly ReportedUpload[]): string {
  const runs = uploads.flatMap(({ fileName, earlierRuns = [] }) =>
    earlierRuns.map((run) => ({ fileName, ...run })),
  );
  return runs.length === 0
    ? ''
    : table(
        'Earlier runs, which were replayed or repeated',
        ['File', 'State', 'Code', 'Run', 'Record'],
        runs.map(({ fileName, state, failure, runId, record }) => [
          fileName,
          state,
          failure?.code ?? '',
          runId,
          record?.file ?? '',
        ]),
      );
}

const contentOf = (record: ReportedRecord | undefined): Receipt | Ending | undefined =>
  record?.receipt ?? record?.ending;

/** Returns the executions of all runs of an upload, each once for each label, as the latest run knew it. */
function executionsOf(upload: ReportedUpload): StartedExecution[] {
  const executions = runsOf(upload).flatMap(({ record }) => contentOf(record)?.executions ?? []);
  return [...new Map(executions.map((each) => [`${each.executionId} ${each.label}`, each])).values()];
}

const CHART = { labels: 110, width: 640, row: 26, values: 190 } as const;

/** Returns a bar chart of the steps: the median and, behind it, the longest. The table below it has the same numbers. */
function chartOf(steps: readonly StepDurations[]): string {
  if (steps.length === 0) return '';
  const longest = Math.max(...steps.map(({ maxSeconds }) => maxSeconds), 0.001);
  const room = CHART.width - CHART.labels - CHART.values;
  const widthOf = (seconds: number) => Math.max(1, (seconds / longest) * room).toFixed(1);
  const bars = steps.map(({ step, medianSeconds, maxSeconds }, index) => {
    const y = index * CHART.row;
    return `<text x="0" y="${y + 17}">${escapeHtml(step)}</text>
<rect x="${CHART.labels}" y="${y + 4}" width="${widthOf(maxSeconds)}" height="18" fill="#b9cbe4"/>
<rect x="${CHART.labels}" y="${y + 4}" width="${widthOf(medianSeconds)}" height="18" fill="#1f4e8c"/>
<text x="${CHART.width - CHART.values + 8}" y="${y + 17}">${shown(medianSeconds)} s, at most ${shown(maxSeconds)} s</text>`;
  });
  const height = steps.length * CHART.row;
  return `<figure>
<figcaption>Duration of each step: the median (dark) and the longest (light)</figcaption>
<svg role="img" aria-label="Bar chart of the durations in the table below" viewBox="0 0 ${CHART.width} ${height}" width="100%">
${bars.join('\n')}
</svg>
</figure>
${table(
  'Steps',
  ['Step', 'Times', 'Attempts', 'Median, in seconds', 'Longest, in seconds'],
  steps.map(({ step, count, attempts, medianSeconds, maxSeconds }) => [
    step,
    number(count),
    number(attempts),
    shown(medianSeconds),
    shown(maxSeconds),
  ]),
)}`;
}

const shown = (seconds: number): string => seconds.toFixed(seconds < 10 ? 2 : 0);
