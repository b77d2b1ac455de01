import type { Receipt } from '../../contract/receipt.js';
import { out } from './colors.js';

/** A receipt to be read by a person. */
export function receiptText(receipt: Receipt): string {
  const {
    fileName,
    sizeBytes,
    fileId,
    bucket,
    key,
    md5,
    etag,
    etagIsMd5,
    status,
    fileState,
    executions,
    presigns,
    steps,
  } = receipt;
  const attempts = steps.reduce((sum, step) => sum + step.attempts, 0);
  const rows: [string, string][] = [
    ['file', `${fileId ?? '(no id)'}  (${fileState})`],
    ...(receipt.sourceVersionId
      ? ([['source', `${receipt.source}, version ${receipt.sourceVersionId}`]] as [string, string][])
      : []),
    ['stored', `s3://${bucket}/${key}`],
    [
      'answer',
      `${status}, ETag ${etagIsMd5 ? 'equals the MD5 of what was sent' : `${etag ?? 'absent'} is no MD5`}`,
    ],
    ['md5', md5],
    ['sha256', receipt.sha256],
    ...executions.map(({ label, executionId, status: state, origin }): [string, string] => [
      'execution',
      `${executionId}  ${label} (${state})${origin === 'found' ? ' found among those already started' : ''}`,
    ]),
    [
      'took',
      `${seconds(receipt)} s, ${steps.length} steps in ${attempts} attempts${presigns > 1 ? `, presigned ${presigns} times` : ''}`,
    ],
  ];
  const lines = rows.map(([name, value]) => `    ${out.dim(name.padEnd(9))} ${value}`);
  return [`${out.green('✓')} ${out.bold(fileName)}  ${sizeBytes.toLocaleString('en')} bytes`, ...lines].join(
    '\n',
  );
}

function seconds({ steps }: Receipt): string {
  const starts = steps.map(({ startedAt }) => Date.parse(startedAt));
  const ends = steps.map(({ finishedAt }) => Date.parse(finishedAt));
  return ((Math.max(...ends) - Math.min(...starts)) / 1000).toFixed(1);
}
