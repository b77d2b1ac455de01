import type { Receipt, StartedExecution } from '../contract/receipt.js';
import type { QualificationCase } from './cases.js';
import { CASE_FILES } from './cases.js';
import type { Comparison } from './compare.js';

/** A requirement that was checked on a case, and what was found. */
export interface Check {
  /** ID of the requirement. */
  readonly requirement: string;
  readonly holds: boolean;
  /** Sentence that names what was observed. */
  readonly evidence: string;
}

/** What was observed of a case. */
export interface Observations {
  readonly receipt: Receipt;
  /** Execution that another request for the analysis would find. Absent if it is not known what Aplos has. */
  readonly found?: { readonly executionId?: string } | undefined;
  /** SHA-256 of the stored package, in hex. Absent if it cannot be read. */
  readonly packageSha256?: string | undefined;
  /** Absent if the results cannot be read. */
  readonly comparison?: Comparison | undefined;
  /** Why the results cannot be read. */
  readonly resultsProblem?: string | undefined;
  /** Key that signed the record of the receipt, and whether the record holds. Absent if it is not signed. */
  readonly record?: { readonly keyId: string; readonly holds: boolean } | undefined;
}

const check = (requirement: string, holds: boolean, evidence: string): Check => ({
  requirement,
  holds,
  evidence,
});

/** Returns what the observations of a case say about each requirement that a case can check. */
export function checksOf(each: QualificationCase, observations: Observations): Check[] {
  const { receipt, record } = observations;
  const { executions } = receipt;
  const [execution] = executions;
  if (!execution || executions.length > 1)
    return [check('REQ-11', false, `The receipt has ${executions.length} executions instead of one.`)];
  return [
    bytesCheck(each, receipt),
    confirmationCheck(receipt),
    check(
      'REQ-10',
      execution.configurationSha256 === each.configurationSha256,
      `The configuration that was sent has the SHA-256 ${execution.configurationSha256}; that of ${CASE_FILES.configuration} is ${each.configurationSha256}.`,
    ),
    ...chargeCheck(execution, observations.found),
    packageCheck(execution, observations.packageSha256),
    resultsCheck(observations),
    stepsCheck(receipt),
    ...(record
      ? [
          check(
            'REQ-19',
            record.holds,
            `The record of the receipt is signed with the key ${record.keyId}, and ${record.holds ? 'holds' : 'does not hold'}.`,
          ),
        ]
      : []),
  ];
}

function chargeCheck({ executionId }: StartedExecution, found: Observations['found']): Check[] {
  if (!found) return [];
  const evidence =
    found.executionId === undefined
      ? `Aplos does not list the execution ${executionId}, so another request might start it again.`
      : `Another request for the analysis would find the execution ${found.executionId}, and start none.`;
  return [check('REQ-11', found.executionId === executionId, evidence)];
}

/** Returns what to add to evidence that another run produced. */
const byEarlierRun = ({ repeatOf }: Receipt): string =>
  repeatOf === undefined ? '' : ` That was observed by the earlier run ${repeatOf}.`;

function bytesCheck({ inputSha256 }: QualificationCase, receipt: Receipt): Check {
  const { sha256, etagIsMd5, etag, md5 } = receipt;
  const isStored = etagIsMd5 === true ? etag === md5 : receipt.reportedChecksum !== undefined;
  const stored =
    etagIsMd5 === true
      ? `S3 returned the ETag ${etag}, and the MD5 of the bytes is ${md5}`
      : `the ETag of S3 is not an MD5, and Aplos reported ${receipt.reportedChecksum === undefined ? 'no checksum' : `the same ${receipt.reportedChecksum}`}`;
  return check(
    'REQ-06',
    sha256 === inputSha256 && isStored,
    `The bytes that were sent have the SHA-256 ${sha256}, and ${CASE_FILES.input} has ${inputSha256}; ${stored}.${byEarlierRun(receipt)}`,
  );
}

function confirmationCheck(receipt: Receipt): Check {
  const { status = 'nothing', fileState, fileId, key = '' } = receipt;
  return check(
    'REQ-08',
    status === 204,
    `S3 responded with ${status}, and Aplos reported the file ${fileId ?? key} as ${fileState}.${byEarlierRun(receipt)}`,
  );
}

function packageCheck({ packages = [] }: StartedExecution, sha256: string | undefined): Check {
  const stored = packages.find((each) => each.sha256 === sha256);
  return check(
    'REQ-15',
    stored !== undefined,
    stored
      ? `The package ${stored.location} has the SHA-256 of the receipt. It has the results of the execution, ${stored.inputVerified ? 'the file' : 'no file of that name'} and ${stored.configurationVerified ? 'the configuration that was sent' : 'no configuration'}.`
      : `No package has the SHA-256 of the receipt${sha256 === undefined ? ', because it cannot be read' : `: it is ${sha256}`}.`,
  );
}

function resultsCheck({ comparison, resultsProblem = 'no results' }: Observations): Check {
  if (!comparison) return check('REQ-17', false, `The results cannot be compared: ${resultsProblem}.`);
  const { cells, numbers, differences } = comparison;
  return check(
    'REQ-17',
    differences.length === 0 && cells > 0,
    `${cells} values were compared, ${numbers} of them as numbers, and ${differences.length} ${differences.length === 1 ? 'difference was' : 'differences were'} found.`,
  );
}

function stepsCheck({ steps, requestedBy }: Receipt): Check {
  const undated = steps.filter(
    ({ startedAt, finishedAt }) => !(Date.parse(startedAt) <= Date.parse(finishedAt)),
  );
  return check(
    'REQ-18',
    Boolean(requestedBy) && steps.length > 0 && undated.length === 0,
    `The receipt names ${requestedBy || 'nobody'} as the requester, and ${steps.length} steps with their times: ${[...new Set(steps.map(({ step }) => step))].join(', ')}.`,
  );
}
