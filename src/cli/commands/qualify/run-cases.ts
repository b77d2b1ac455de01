import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FileJob } from '../../../client/file-job.js';
import type { UploadClient, UploadHandle, UploadRequestInput } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import type { Receipt } from '../../../contract/receipt.js';
import type { QualificationCase } from '../../../qualification/cases.js';
import { checksOf } from '../../../qualification/checks.js';
import { type ComparisonRules, compareTables } from '../../../qualification/compare.js';
import { parseDecimal } from '../../../qualification/decimal.js';
import { keyColumnsOf } from '../../../qualification/key-columns.js';
import { readResults } from '../../../qualification/read-results.js';
import type { CaseOutcome } from '../../../qualification/report.js';
import { type SigningKey, verificationKeyOf } from '../../../records/keys.js';
import { readRecord } from '../../../records/read-record.js';
import { hashOfRecord, runRecord, writeRecord } from '../../../records/receipt-file.js';
import { identityOf, recordName } from '../../../records/record-names.js';
import { reportMissingWorkers } from '../../output/missing-workers.js';
import type { Notices } from '../../output/notices.js';
import { follow, progressView } from '../../output/progress.js';
import { exitOnInterrupt } from '../upload/interrupt.js';
import { previewsOf, type ReadRequest } from '../upload/preview.js';
import { packagesUrl, type QualifyOptions } from './options.js';

/** Cases, and the job that uploads each of them. */
export interface CaseJobs {
  readonly cases: readonly QualificationCase[];
  readonly jobs: readonly FileJob[];
  readonly read: ReadRequest;
}

/** What the outcomes are reported with. */
export interface CaseOutput {
  readonly notices: Notices;
  readonly signingKey: SigningKey | undefined;
}

/** How often, and how far apart in milliseconds, Aplos is asked for an execution that its list does not show yet. */
const SEARCH = { attempts: 6, pauseMs: 5_000 } as const;

/** Uploads the cases, waits for their results, and compares these with the expected ones. Returns the outcome of each case. */
export async function runCases(
  client: UploadClient,
  { cases, jobs, read }: CaseJobs,
  options: QualifyOptions,
  { notices, signingKey }: CaseOutput,
): Promise<CaseOutcome[]> {
  const requests = await Promise.all(jobs.map(read));
  const stopListening = exitOnInterrupt(client);
  const handles: UploadHandle[] = [];
  for await (const handle of client.startMany(requests)) handles.push(handle);
  const ends = await waitFor(client, handles, cases, notices);
  const found = await executionsFor(client, requests, ends);
  stopListening();
  return Promise.all(
    cases.map((each, index) => {
      const end = ends[index];
      const workflowId = handles[index]?.workflowId ?? '';
      return end instanceof UploadError || end === undefined
        ? {
            case: each,
            workflowId,
            ...(end ? { failure: { code: end.code, message: end.message } } : {}),
            checks: [],
          }
        : outcomeOf(each, { receipt: end, found: found?.[index] }, options, signingKey);
    }),
  );
}

async function waitFor(
  client: UploadClient,
  handles: readonly UploadHandle[],
  cases: readonly QualificationCase[],
  notices: Notices,
): Promise<(Receipt | UploadError)[]> {
  const view = progressView(notices);
  const ended = new AbortController();
  const reporting = reportMissingWorkers(client, notices, ended.signal);
  try {
    return await Promise.all(
      handles.map((handle, index) =>
        follow(client, handle, view.add(cases[index]?.name ?? handle.fileName)).catch((error: unknown) => {
          if (error instanceof UploadError) return error;
          throw error;
        }),
      ),
    );
  } finally {
    ended.abort();
    await reporting;
    view.stop();
  }
}

/** The execution that another request for an analysis would find. */
interface FoundExecution {
  readonly executionId?: string;
}

/**
 * Asks Aplos for the execution of each analysis, as another request for it would. An execution that the list does not show yet is
 * searched again.
 *
 * @returns `undefined` if it is not known what Aplos has
 */
async function executionsFor(
  client: UploadClient,
  requests: readonly UploadRequestInput[],
  ends: readonly (Receipt | UploadError)[],
): Promise<FoundExecution[] | undefined> {
  for (let attempt = 1; ; attempt++) {
    const previews = await previewsOf(client, requests);
    if (previews.length < requests.length) return undefined;
    const found = previews.map(({ analyses: [analysis] }): FoundExecution => {
      const executionId = analysis?.execution?.executionId;
      return executionId === undefined ? {} : { executionId };
    });
    const isMissing = found.some(
      ({ executionId }, index) => executionId === undefined && !(ends[index] instanceof UploadError),
    );
    if (!isMissing || attempt === SEARCH.attempts) return found;
    await sleep(SEARCH.pauseMs);
  }
}

async function outcomeOf(
  each: QualificationCase,
  { receipt, found }: { readonly receipt: Receipt; readonly found: FoundExecution | undefined },
  { out: folder, ...options }: QualifyOptions,
  key: SigningKey | undefined,
): Promise<CaseOutcome> {
  const [execution] = receipt.executions;
  const { packages = [] } = execution ?? {};
  const stored = packages.find(({ location }) => location.startsWith(`${packagesUrl(folder)}/`));
  const read = stored
    ? await readResults(stored.location, execution?.executionId ?? '')
    : { problem: 'the receipt names no package in the folder' };
  const comparison = read.results && compareTables(each.expected, read.results, rulesFor(each, options));
  const file = recordName(identityOf(receipt));
  const bytes = runRecord(receipt, key);
  await writeRecord(join(folder, file), bytes);
  const checks = checksOf(each, {
    receipt,
    found,
    packageSha256: read.packageSha256,
    comparison,
    resultsProblem: read.problem,
    record: key && {
      keyId: key.keyId,
      holds: readRecord(bytes, [verificationKeyOf(key)]).findings.every(({ holds }) => holds),
    },
  });
  const { workflowId } = receipt;
  return {
    case: each,
    workflowId,
    record: { file, sha256: hashOfRecord(bytes), receipt },
    comparison,
    checks,
  };
}

const rulesFor = (
  { sections }: QualificationCase,
  { tolerance, text, key, ignore = [] }: Pick<QualifyOptions, 'tolerance' | 'text' | 'key' | 'ignore'>,
): ComparisonRules => ({
  tolerancePercent: parseDecimal(tolerance) ?? { digits: 0n, exponent: 0 },
  text,
  ignore,
  key: key ?? keyColumnsOf(sections.configuration),
});
