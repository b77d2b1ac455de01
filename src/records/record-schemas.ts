import { z } from 'zod';
import { REPORT_PREDICATE } from './batch-report.js';
import {
  CHECKS_PREDICATE,
  ENDING_PREDICATE,
  QUALIFICATION_PREDICATE,
  RECEIPT_PREDICATE,
  STATEMENT_V1,
} from './statement.js';

/** The parts of a receipt that can be compared with files. */
export type ReceiptFacts = z.output<typeof factsSchema>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const packageSchema = z.looseObject({ sha256, sizeBytes: z.int().nonnegative() });
const factsSchema = z.looseObject({
  workflowId: z.string(),
  runId: z.string(),
  batches: z.array(z.string()),
  fileName: z.string(),
  sizeBytes: z.int().nonnegative().optional(),
  md5: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  sha256,
  etag: z.string().optional(),
  etagIsMd5: z.boolean().optional(),
  executions: z.array(
    z.looseObject({
      label: z.string(),
      configurationSha256: z.string().optional(),
      packages: z.array(packageSchema).default([]),
    }),
  ),
});

/** The run that a record is about. */
export type RunFacts = z.output<typeof runSchema>;

const runSchema = z.looseObject({
  workflowId: z.string(),
  runId: z.string(),
  fileName: z.string().optional(),
  batches: z.array(z.string()),
});
const endingSchema = runSchema.extend({
  endingVersion: z.literal(1),
  state: z.enum(['failed', 'cancelled']),
  executions: z.array(z.looseObject({ label: z.string(), executionId: z.string() })),
});

/** The parts of a report that can be compared with its records. */
export type ReportFacts = z.output<typeof reportSchema>;

const reportedRunSchema = z.looseObject({
  record: z.looseObject({ file: z.string(), sha256 }).optional(),
});
const reportSchema = z.looseObject({
  batch: z.string(),
  uploads: z.array(
    reportedRunSchema.extend({
      fileName: z.string(),
      earlierRuns: z.array(reportedRunSchema).default([]),
    }),
  ),
});

const statementOf = <Predicate extends z.ZodType>(type: string, predicate: Predicate) =>
  z.strictObject({
    _type: z.literal(STATEMENT_V1),
    subject: z.array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256 }) })),
    predicateType: z.literal(type),
    predicate,
  });
const receiptStatementSchema = statementOf(RECEIPT_PREDICATE, factsSchema);
const endingStatementSchema = statementOf(ENDING_PREDICATE, endingSchema);
const reportStatementSchema = z.union([
  statementOf(REPORT_PREDICATE, reportSchema),
  statementOf(QUALIFICATION_PREDICATE, reportSchema),
]);
/** The checks of an installation are about no files. */
const checksSchema = z.looseObject({ checksVersion: z.literal(1), checks: z.array(z.unknown()) });
const checksStatementSchema = statementOf(CHECKS_PREDICATE, checksSchema);

/** What a record is. Empty for the checks of an installation. */
export interface RecordContent {
  /** Absent if the record is no receipt, or cannot be read. */
  readonly receipt?: ReceiptFacts;
  /** Absent if the record is no report, or cannot be read. */
  readonly report?: ReportFacts;
  /** Run that a receipt, or a record of another ending, is about. Absent if the record is neither, or cannot be read. */
  readonly run?: RunFacts;
}

/** Returns the content of a signed statement; `undefined` if it is none of this version. */
export const statedContent = (statement: unknown): RecordContent | undefined =>
  contentOf({
    receipt: receiptStatementSchema.safeParse(statement).data?.predicate,
    ending: endingStatementSchema.safeParse(statement).data?.predicate,
    report: reportStatementSchema.safeParse(statement).data?.predicate,
    isOther: checksStatementSchema.safeParse(statement).success,
  });

/** Returns the content of a record without a signature; `undefined` if it is none of this version. */
export const plainContent = (value: unknown): RecordContent | undefined =>
  contentOf({
    receipt: factsSchema.safeParse(value).data,
    ending: endingSchema.safeParse(value).data,
    report: reportSchema.safeParse(value).data,
    isOther: checksSchema.safeParse(value).success,
  });

function contentOf({
  receipt,
  ending,
  report,
  isOther,
}: {
  readonly receipt: ReceiptFacts | undefined;
  readonly ending: RunFacts | undefined;
  readonly report: ReportFacts | undefined;
  readonly isOther: boolean;
}): RecordContent | undefined {
  if (ending) return { run: ending };
  if (receipt) return { receipt, run: receipt };
  if (report) return { report };
  return isOther ? {} : undefined;
}
