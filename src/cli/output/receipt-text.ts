import { endedWithoutResults, executionStatus } from '../../contract/execution-status.js';
import type { Receipt, StartedExecution } from '../../contract/receipt.js';
import { count } from '../../util/units.js';
import { out } from './colors.js';
import { readable } from './upload-names.js';

/** Returns a receipt as lines for people. */
export function receiptLines(receipt: Receipt, name = receipt.fileName): string[] {
  const {
    sizeBytes,
    fileId,
    bucket,
    key,
    md5,
    status,
    fileState,
    executions,
    presigns,
    steps,
    repeatOf,
    correctionOf,
  } = receipt;
  // An attempt of `await` that finds the execution at work has not failed.
  const attempts = steps.reduce((sum, each) => sum + (each.step === 'await' ? 1 : each.attempts), 0);
  const rows: [string, string][] = [
    ['file', `${fileId ?? '(no id)'}  (${fileState})`],
    ...(receipt.sourceVersionId
      ? ([['source', `${receipt.source}, version ${receipt.sourceVersionId}`]] as [string, string][])
      : []),
    ...(bucket === undefined ? [] : ([['stored', `s3://${bucket}/${key}`]] as [string, string][])),
    status === undefined ? ['uploaded', uploadedBy(receipt)] : ['response', responseText(receipt)],
    ...(md5 === undefined ? [] : ([['md5', md5]] as [string, string][])),
    ['sha256', receipt.sha256],
    ...executions.flatMap((execution): [string, string][] => [
      ['execution', executionText(execution)],
      ...(execution.packages ?? []).map(({ location }): [string, string] => ['results', readable(location)]),
    ]),
    ...(correctionOf
      ? ([['corrects', `run ${correctionOf.runId} of ${correctionOf.workflowId}`]] as [string, string][])
      : []),
    repeatOf === undefined
      ? [
          'took',
          `${seconds(receipt)} s, ${steps.length} steps, ${count(attempts, 'attempt')}${presigns > 1 ? `, presigned ${presigns} times` : ''}`,
        ]
      : ['done by', `run ${repeatOf}; Aplos still has it, so nothing was sent`],
  ];
  const lines = rows.map(([name, value]) => `    ${out.dim(name.padEnd(9))} ${value}`);
  const size = sizeBytes === undefined ? '' : `  ${sizeBytes.toLocaleString('en')} bytes`;
  return [`${out.green('✓')} ${out.bold(name)}${size}`, ...lines];
}

const responseText = ({ status, etagIsMd5, etag }: Receipt) =>
  `${status}, ${etagIsMd5 ? 'the ETag equals the MD5 of the sent bytes' : `ETag ${etag ?? 'missing'} (not an MD5)`}`;

const uploadedBy = ({ storedBy }: Receipt) =>
  storedBy
    ? `before, by run ${storedBy.runId} of ${storedBy.workflowId}`
    : 'before; Aplos reports its SHA-256';

const FOUND = 'found, not started again';
const HOW_TO_REPEAT = 'to repeat it, add --again REASON';

const executionText = ({ label, executionId, origin, again, ...execution }: StartedExecution): string =>
  [
    `${executionId}  ${label} (${executionStatus(execution)})`,
    ...(origin === 'found' ? [FOUND + (endedWithoutResults(execution) ? ` (${HOW_TO_REPEAT})` : '')] : []),
    ...(again === undefined ? [] : [`again: ${again}`]),
  ].join(', ');

function seconds({ steps }: Receipt): string {
  const starts = steps.map(({ startedAt }) => Date.parse(startedAt));
  const ends = steps.map(({ finishedAt }) => Date.parse(finishedAt));
  return ((Math.max(...ends) - Math.min(...starts)) / 1000).toFixed(1);
}
