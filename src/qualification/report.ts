import type { Receipt } from '../contract/receipt.js';
import {
  QUALIFICATION_PREDICATE,
  STATEMENT_V1,
  type Statement,
  type Subject,
  subjectsOf,
} from '../records/statement.js';
import type { QualificationCase } from './cases.js';
import { CASE_FILES } from './cases.js';
import type { Check } from './checks.js';
import type { Comparison, Difference } from './compare.js';
import { REQUIREMENTS } from './requirements.js';
import type { TextRule } from './text-rules.js';

/** Settings that are listed together, with secrets masked. */
export interface ReportedSettings {
  readonly title: string;
  readonly settings: readonly { readonly name: string; readonly value: string; readonly from: string }[];
}

/** Versions of the parts of an installation. */
export interface Versions {
  /** Version of the program that wrote the record. */
  readonly program: string;
  readonly node: string;
  /** Version of the Temporal server. Absent if it does not report one. */
  readonly temporal?: string;
  /** Workers that polled Temporal, each with its process, host and version. */
  readonly workers: readonly string[];
}

/** What became of a case. */
export interface CaseOutcome {
  readonly case: QualificationCase;
  readonly workflowId: string;
  /** Receipt of the upload, and the file of its record. Absent if the upload failed. */
  readonly record?: { readonly file: string; readonly sha256: string; readonly receipt: Receipt };
  /** Why the upload failed. */
  readonly failure?: { readonly code: string; readonly message: string };
  readonly comparison?: Comparison | undefined;
  readonly checks: readonly Check[];
}

/** A difference, and the file of the case that it is in. */
export interface ReportedDifference extends Difference {
  readonly file: string;
}

/** A case, as the report shows it. */
export interface ReportedCase {
  readonly name: string;
  readonly fileName: string;
  readonly workflowId: string;
  readonly passed: boolean;
  readonly inputSha256: string;
  readonly configurationSha256: string;
  readonly expectedSha256: string;
  readonly record?: CaseOutcome['record'];
  readonly failure?: CaseOutcome['failure'];
  /** Columns that identified the rows. None: rows were compared in order. */
  readonly key: readonly string[];
  /** Values that were compared. */
  readonly cells: number;
  readonly numbers: number;
  /** Number of differences, of which {@link differences} lists the first. */
  readonly differenceCount: number;
  readonly differences: readonly ReportedDifference[];
}

/** A requirement and what shows that it holds. */
export interface ReportedRequirement {
  readonly id: string;
  readonly text: string;
  /** `not-checked`: cases cannot check it. Tests of the program do. */
  readonly result: 'holds' | 'fails' | 'not-checked';
  readonly evidence: readonly (Check & { readonly case: string; readonly record?: string })[];
}

/** Report of the qualification of an installation. */
export interface QualificationReport {
  readonly qualificationVersion: 1;
  /** Batch of the uploads. */
  readonly batch: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly requestedBy: string;
  readonly host: string;
  readonly passed: boolean;
  readonly versions: Versions & {
    /** Versions of the Aplos API that were used. */
    readonly api: readonly string[];
    /** Versions of the engine, as Aplos reported them: `part version`. */
    readonly engine: readonly string[];
  };
  readonly rules: {
    readonly tolerancePercent: string;
    readonly text: TextRule;
    /** Columns that were not compared. */
    readonly ignore: readonly string[];
  };
  readonly charges: {
    /** Executions that this qualification started, each of which Aplos charges if it succeeds. */
    readonly started: number;
    /** Executions that Aplos had before. */
    readonly found: number;
  };
  /** Cases whose file an earlier run uploaded: this qualification only fetched and compared their results. */
  readonly repeated: readonly string[];
  readonly requirements: readonly ReportedRequirement[];
  /** The cases. `verify` compares their records with the folder. */
  readonly uploads: readonly ReportedCase[];
  readonly settings: readonly ReportedSettings[];
}

/** Facts of a report that the cases do not have. */
export type ReportFacts = Pick<
  QualificationReport,
  'batch' | 'createdAt' | 'requestedBy' | 'host' | 'rules' | 'settings'
> & { readonly versions: Versions };

/** Largest number of differences of a case that are listed. */
const MAX_DIFFERENCES = 1000;

/** Builds the report of a qualification. */
export function qualificationReport(
  outcomes: readonly CaseOutcome[],
  { versions, ...facts }: ReportFacts,
): QualificationReport {
  const executions = outcomes.flatMap(({ record }) => record?.receipt.executions ?? []);
  // A run that found the work done repeats the receipt of the run that did it.
  const started = outcomes
    .filter(({ record }) => record?.receipt.repeatOf === undefined)
    .flatMap(({ record }) => record?.receipt.executions ?? [])
    .filter(({ origin }) => origin === 'started');
  const uploads = outcomes.map(reportedCase);
  const engines = executions.flatMap(({ completion }) => Object.entries(completion?.engineVersions ?? {}));
  return {
    qualificationVersion: 1,
    ...facts,
    passed: uploads.length > 0 && uploads.every(({ passed }) => passed),
    versions: {
      ...versions,
      api: distinct(outcomes.flatMap(({ record }) => record?.receipt.apiVersion ?? [])),
      engine: distinct(engines.map(([part, version]) => `${part} ${version}`)),
    },
    charges: {
      started: started.length,
      found: executions.length - started.length,
    },
    repeated: outcomes.flatMap(({ case: { name }, record }) =>
      record?.receipt.repeatOf === undefined ? [] : [name],
    ),
    requirements: REQUIREMENTS.map((requirement) => reportedRequirement(requirement, outcomes)),
    uploads,
  };
}

function reportedCase({
  case: each,
  workflowId,
  record,
  failure,
  comparison,
  checks,
}: CaseOutcome): ReportedCase {
  const differences = comparison?.differences ?? [];
  return {
    name: each.name,
    fileName: each.fileName,
    workflowId,
    passed: record !== undefined && checks.every(({ holds }) => holds),
    inputSha256: each.inputSha256,
    configurationSha256: each.configurationSha256,
    expectedSha256: each.expectedSha256,
    ...(record ? { record } : {}),
    ...(failure ? { failure } : {}),
    key: comparison?.key ?? [],
    cells: comparison?.cells ?? 0,
    numbers: comparison?.numbers ?? 0,
    differenceCount: differences.length,
    differences: differences
      .slice(0, MAX_DIFFERENCES)
      .map((difference) => ({ file: `${each.name}/${CASE_FILES.expected}`, ...difference })),
  };
}

function reportedRequirement(
  { id, text }: { readonly id: string; readonly text: string },
  outcomes: readonly CaseOutcome[],
): ReportedRequirement {
  const evidence = outcomes.flatMap(({ case: { name }, record, checks }) =>
    checks
      .filter(({ requirement }) => requirement === id)
      .map((check) => ({ ...check, case: name, ...(record ? { record: record.file } : {}) })),
  );
  const result =
    evidence.length === 0 ? 'not-checked' : evidence.every(({ holds }) => holds) ? 'holds' : 'fails';
  return { id, text, result, evidence };
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/** Returns the statement that a report makes: about its records, then about the files and packages that they name, and the expected results. */
export const qualificationStatement = (report: QualificationReport): Statement => ({
  _type: STATEMENT_V1,
  subject: report.uploads.flatMap(({ name, expectedSha256, record }): Subject[] => [
    { name: `${name}/${CASE_FILES.expected}`, digest: { sha256: expectedSha256 } },
    ...(record
      ? [{ name: record.file, digest: { sha256: record.sha256 } }, ...subjectsOf(record.receipt)]
      : []),
  ]),
  predicateType: QUALIFICATION_PREDICATE,
  predicate: report,
});
