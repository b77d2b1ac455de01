import { escapeHtml, page, table } from '../records/html.js';
import { differenceText } from './difference-text.js';
import type { QualificationReport, ReportedCase, ReportedSettings, Versions } from './report.js';

const RESULTS = { holds: 'holds', fails: 'FAILS', 'not-checked': 'not checked by cases' } as const;

/** Returns the report of a qualification as one self-contained page for people, which prints on A4. */
export function qualificationPage(report: QualificationReport): string {
  const { batch, createdAt, requestedBy, host, passed, versions, rules, charges, uploads } = report;
  return page(`Qualification of the installation on ${host}: ${passed ? 'passed' : 'failed'}`, [
    `<p>Written at <time datetime="${escapeHtml(createdAt)}">${escapeHtml(createdAt)}</time>.</p>`,
    table(
      'Summary',
      ['What', 'Value'],
      [
        ['Result', passed ? 'passed' : 'failed'],
        ['Cases', `${uploads.length}, of which ${uploads.filter((each) => each.passed).length} passed`],
        ['Batch', batch],
        ['Requested by', requestedBy],
        ['Tolerance of numbers', `${rules.tolerancePercent} % of the expected number`],
        ['Comparison of text', rules.text],
        ['Columns that were not compared', rules.ignore.join(', ') || 'none'],
        ['Executions started, charged if they succeed', String(charges.started)],
        ['Executions found, not started again', String(charges.found)],
        ['Cases whose file was uploaded before', report.repeated.join(', ') || 'none'],
      ],
    ),
    versionsTable(versions, [
      ['Aplos API', versions.api.join(', ')],
      ['Aplos engine', versions.engine.join(', ') || 'not reported'],
    ]),
    table(
      'Cases',
      [
        'Case',
        'Result',
        'Rows identified by',
        'Values compared',
        'Differences',
        'Execution',
        'Upload',
        'Record',
      ],
      uploads.map(caseRow),
    ),
    differencesTable(uploads),
    table(
      'Requirements',
      ['Requirement', 'What must hold', 'Result'],
      report.requirements.map(({ id, text, result }) => [id, text, RESULTS[result]]),
    ),
    '<p>Requirements that cases cannot check are checked by the tests of the program: see the traceability matrix in its documentation.</p>',
    table(
      'Evidence',
      ['Requirement', 'Case', 'Result', 'What was observed', 'Record'],
      report.requirements.flatMap(({ evidence }) =>
        evidence.map((each) => [
          each.requirement,
          each.case,
          each.holds ? 'holds' : 'FAILS',
          each.evidence,
          each.record ?? '',
        ]),
      ),
    ),
    table(
      'Files',
      ['Case', 'SHA-256 of the input', 'of the configuration', 'of the expected results'],
      uploads.map(({ name, inputSha256, configurationSha256, expectedSha256 }) => [
        name,
        inputSha256,
        configurationSha256,
        expectedSha256,
      ]),
    ),
    settingsTables(report.settings),
  ]);
}

function caseRow({
  name,
  passed,
  key,
  cells,
  numbers,
  differenceCount,
  workflowId,
  record,
  failure,
}: ReportedCase) {
  const [execution] = record?.receipt.executions ?? [];
  return [
    name,
    passed ? 'passed' : failure ? `failed: ${failure.code}` : 'failed',
    key.join(', ') || 'their order',
    `${cells}, ${numbers} of them numbers`,
    String(differenceCount),
    execution ? `${execution.executionId} (${execution.origin})` : '',
    workflowId,
    record?.file ?? '',
  ];
}

function differencesTable(uploads: readonly ReportedCase[]): string {
  const rows = uploads.flatMap(({ name, failure, differences, differenceCount }) => [
    ...(failure ? [[name, `${failure.code}: ${failure.message}`]] : []),
    ...differences.map(({ file, ...difference }) => [file, differenceText(difference)]),
    ...(differenceCount > differences.length
      ? [[name, `… and ${differenceCount - differences.length} more`]]
      : []),
  ]);
  return rows.length === 0 ? '' : table('Differences and failures', ['File', 'What differs'], rows);
}

/** Returns the table of versions. */
export const versionsTable = (
  { program, node, temporal, workers }: Versions,
  others: readonly (readonly string[])[] = [],
): string =>
  table(
    'Versions',
    ['Part', 'Version'],
    [
      ['aplos-upload-worker, this command', program],
      ['Node.js', node],
      ['Temporal server', temporal ?? 'not reported'],
      ...workers.map((worker) => ['Worker', worker]),
      ...others,
    ],
  );

/** Returns a table for each group of settings that has any. */
export const settingsTables = (groups: readonly ReportedSettings[]): string =>
  groups
    .filter(({ settings }) => settings.length > 0)
    .map(({ title, settings }) =>
      table(
        `Settings: ${title}`,
        ['Setting', 'Value', 'From'],
        settings.map(({ name, value, from }) => [name, value, from]),
      ),
    )
    .join('\n');
