import type { Ending } from '../contract/ending.js';
import type { Receipt, StartedExecution, StepRecord } from '../contract/receipt.js';
import { tallyOf } from '../util/tally.js';
import { STATEMENT_V1, type Statement, type Subject, subjectsOf } from './statement.js';

/** Type of a statement whose predicate is the report of a batch in this version. */
export const REPORT_PREDICATE = 'urn:aplos-upload-worker:report:v1';

/** Record of a run, and the file that has it. */
export interface ReportedRecord {
  readonly file: string;
  /** SHA-256 of the file, in hex. */
  readonly sha256: string;
  /** `worker`: as the run ended. `report`: the report was written from the receipt in Temporal, as there was no record. */
  readonly writtenBy: 'worker' | 'report';
  /** Receipt of a run that is done. */
  readonly receipt?: Receipt;
  /** Record of a run that ended without a receipt. */
  readonly ending?: Ending;
}

/** One run of an upload. */
export interface ReportedRun {
  readonly runId: string;
  /** `done`, or how the run ended without a receipt, or `running`. */
  readonly state: string;
  /** Absent if the run has none: it is running, it was terminated, or records are not kept. */
  readonly record?: ReportedRecord;
  /** Why the run failed. */
  readonly failure?: { readonly code: string; readonly message: string };
  /** Executions that a run without a record had started or found, as Temporal's list shows them. */
  readonly executionIds?: readonly string[];
}

/** One upload of a batch, with its latest run. */
export interface ReportedUpload extends ReportedRun {
  readonly workflowId: string;
  readonly fileName: string;
  /** Runs before the latest one, the first one first. Absent if there were none. */
  readonly earlierRuns?: readonly ReportedRun[];
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
    /** Executions that runs of this batch started, failed ones included. Aplos charges each that succeeds. */
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
  const executions = uploads
    .flatMap(runsOf)
    .flatMap(({ record }) => (record?.receipt ?? record?.ending)?.executions ?? []);
  const started = distinct(executions.filter(({ origin }) => origin === 'started'));
  const found = [...distinct(executions)].filter((id) => !started.has(id));
  return {
    reportVersion: 1,
    batch,
    createdAt: createdAt.toISOString(),
    totals: {
      uploads: uploads.length,
      states: Object.fromEntries(tallyOf(uploads.map(({ state }) => state))),
      failures: Object.fromEntries(tallyOf(uploads.flatMap(({ failure }) => failure?.code ?? []))),
      bytes: receipts.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
      executionsStarted: started.size,
      executionsFound: found.length,
      packages: receipts
        .flatMap((receipt) => receipt.executions)
        .reduce((sum, { packages = [] }) => sum + packages.length, 0),
    },
    steps: durationsOf(receipts.flatMap(({ steps }) => steps)),
    uploads,
  };
}

/** Returns the statement that a report makes: about its records, then about the files and packages that they name. */
export const reportStatement = (report: BatchReport): Statement => ({
  _type: STATEMENT_V1,
  subject: report.uploads.flatMap(runsOf).flatMap(({ record }): Subject[] => {
    const content = record?.receipt ?? record?.ending;
    return record
      ? [{ name: record.file, digest: { sha256: record.sha256 } }, ...(content ? subjectsOf(content) : [])]
      : [];
  }),
  predicateType: REPORT_PREDICATE,
  predicate: report,
});

/** Returns the runs of an upload, the first one first. */
export const runsOf = (upload: ReportedUpload): readonly ReportedRun[] => [
  ...(upload.earlierRuns ?? []),
  upload,
];

const distinct = (executions: readonly StartedExecution[]): Set<string> =>
  new Set(executions.map(({ executionId }) => executionId));

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
