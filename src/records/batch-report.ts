import type { Receipt, StepRecord } from '../contract/receipt.js';
import { tallyOf } from '../util/tally.js';
import { STATEMENT_V1, type Statement, type Subject, subjectsOf } from './statement.js';

/** Type of a statement whose predicate is the report of a batch in this version. */
export const REPORT_PREDICATE = 'urn:aplos-upload-worker:report:v1';

/** One upload of a batch. */
export interface ReportedUpload {
  readonly workflowId: string;
  readonly runId: string;
  readonly fileName: string;
  /** `done`, or how the run ended without a receipt, or `running`. */
  readonly state: string;
  /** Receipt of a run that is done, and the file that it was written to. */
  readonly record?: { readonly file: string; readonly sha256: string; readonly receipt: Receipt };
  /** Why a run failed. */
  readonly failure?: { readonly code: string; readonly message: string };
}

/** How long a step took, over all uploads of a batch. */
export interface StepDurations {
  readonly step: StepRecord['step'];
  readonly count: number;
  /** Attempts of the runs that completed it. */
  readonly attempts: number;
  /** Seconds of the attempts that succeeded. */
  readonly medianSeconds: number;
  readonly maxSeconds: number;
}

/** The report of a batch: what was asked, done and failed, and what it took. */
export interface BatchReport {
  readonly reportVersion: 1;
  readonly batch: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly totals: {
    readonly uploads: number;
    /** Uploads by state. */
    readonly states: Readonly<Record<string, number>>;
    /** Failed uploads by error code. */
    readonly failures: Readonly<Record<string, number>>;
    /** Bytes of the files that are stored. */
    readonly bytes: number;
    /** Executions that the uploads of this batch started, each of which Aplos charges if it succeeds. */
    readonly executionsStarted: number;
    /** Executions that Aplos had before, and that were not started again. */
    readonly executionsFound: number;
    /** Result packages that were fetched. */
    readonly packages: number;
  };
  readonly steps: readonly StepDurations[];
  readonly uploads: readonly ReportedUpload[];
}

/** Summarizes the uploads of a batch. */
export function batchReport(batch: string, createdAt: Date, uploads: readonly ReportedUpload[]): BatchReport {
  const receipts = uploads.flatMap(({ record }) => record?.receipt ?? []);
  const executions = receipts.flatMap((receipt) => receipt.executions);
  return {
    reportVersion: 1,
    batch,
    createdAt: createdAt.toISOString(),
    totals: {
      uploads: uploads.length,
      states: Object.fromEntries(tallyOf(uploads.map(({ state }) => state))),
      failures: Object.fromEntries(tallyOf(uploads.flatMap(({ failure }) => failure?.code ?? []))),
      bytes: receipts.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
      executionsStarted: executions.filter(({ origin }) => origin === 'started').length,
      executionsFound: executions.filter(({ origin }) => origin === 'found').length,
      packages: executions.reduce((sum, { packages = [] }) => sum + packages.length, 0),
    },
    steps: durationsOf(receipts.flatMap(({ steps }) => steps)),
    uploads,
  };
}

/** Returns the statement that a report makes: about its records, then about the files and packages that they name. */
export const reportStatement = (report: BatchReport): Statement => ({
  _type: STATEMENT_V1,
  subject: report.uploads.flatMap(({ record }): Subject[] =>
    record ? [{ name: record.file, digest: { sha256: record.sha256 } }, ...subjectsOf(record.receipt)] : [],
  ),
  predicateType: REPORT_PREDICATE,
  predicate: report,
});

function durationsOf(steps: readonly StepRecord[]): StepDurations[] {
  const names = [...new Set(steps.map(({ step }) => step))];
  return names.map((step) => {
    const records = steps.filter((each) => each.step === step);
    const seconds = records
      .map(({ startedAt, finishedAt }) => (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000)
      .sort((a, b) => a - b);
    return {
      step,
      count: records.length,
      attempts: records.reduce((sum, { attempts }) => sum + attempts, 0),
      medianSeconds: seconds[Math.floor((seconds.length - 1) / 2)] ?? 0,
      maxSeconds: seconds.at(-1) ?? 0,
    };
  });
}
