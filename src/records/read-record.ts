import { z } from 'zod';
import { REPORT_PREDICATE } from './batch-report.js';
import { canonicalBytes } from './canonical.js';
import { type Envelope, envelopeSchema, isSignedBy } from './envelope.js';
import type { VerificationKey } from './keys.js';
import {
  CHECKS_PREDICATE,
  QUALIFICATION_PREDICATE,
  RECEIPT_PREDICATE,
  STATEMENT_TYPE,
  STATEMENT_V1,
} from './statement.js';

/** One statement about a record, and whether it is true. */
export interface Finding {
  readonly holds: boolean;
  /** Sentence that says what holds, or what does not and why. */
  readonly text: string;
}

/** The parts of a receipt that can be compared with files. */
export type ReceiptFacts = z.output<typeof factsSchema>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const packageSchema = z.looseObject({ sha256, sizeBytes: z.int().nonnegative() });
const factsSchema = z.looseObject({
  workflowId: z.string(),
  fileName: z.string(),
  sizeBytes: z.int().nonnegative().optional(),
  md5: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  sha256,
  etag: z.string().optional(),
  etagIsMd5: z.boolean().optional(),
  executions: z.array(z.looseObject({ label: z.string(), packages: z.array(packageSchema).default([]) })),
});

/** The parts of a report that can be compared with its records. */
export type ReportFacts = z.output<typeof reportSchema>;

const reportSchema = z.looseObject({
  batch: z.string(),
  uploads: z.array(
    z.looseObject({
      fileName: z.string(),
      record: z.looseObject({ file: z.string(), sha256 }).optional(),
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
const reportStatementSchema = z.union([
  statementOf(REPORT_PREDICATE, reportSchema),
  statementOf(QUALIFICATION_PREDICATE, reportSchema),
]);
/** The checks of an installation are about no files. */
const checksSchema = z.looseObject({ checksVersion: z.literal(1), checks: z.array(z.unknown()) });
const checksStatementSchema = statementOf(CHECKS_PREDICATE, checksSchema);

/** A record as it was read, and what holds about it. */
export interface ReadRecord {
  readonly findings: readonly Finding[];
  /** Absent if the record is no receipt, or cannot be read. */
  readonly receipt?: ReceiptFacts;
  /** Absent if the record is no report, or cannot be read. */
  readonly report?: ReportFacts;
}

/** Returns the finding that a statement is true. */
export const holds = (text: string): Finding => ({ holds: true, text });
/** Returns the finding that a statement is not true. */
export const fails = (text: string): Finding => ({ holds: false, text });

/**
 * Reads a receipt or a report: signed, or as plain JSON. Each byte of a record counts, so that no change remains unnoticed.
 *
 * @param keys keys whose signatures are trusted
 * @param options `allowUnsigned`: whether a record without a signature is accepted. Default: no
 */
export function readRecord(
  bytes: Uint8Array,
  keys: readonly VerificationKey[],
  { allowUnsigned = false }: { readonly allowUnsigned?: boolean } = {},
): ReadRecord {
  const value = parse(bytes);
  if (value === undefined) return { findings: [fails('The record is not a text in JSON.')] };
  if (!Buffer.from(bytes).equals(recordBytes(value)))
    return { findings: [fails('The record was changed: it is not in the form in which it was written.')] };
  const envelope = envelopeSchema.safeParse(value);
  return envelope.success ? readEnvelope(envelope.data, keys) : readUnsigned(value, allowUnsigned);
}

/** Returns the bytes of a record's file: canonical JSON (RFC 8785), and a line break. */
export const recordBytes = (value: unknown): Buffer =>
  Buffer.concat([canonicalBytes(value), Buffer.from('\n')]);

function readEnvelope(envelope: Envelope, keys: readonly VerificationKey[]): ReadRecord {
  const [{ keyid } = { keyid: '' }] = envelope.signatures;
  const key = keys.find(({ keyId }) => keyId === keyid);
  if (!key) {
    const known = keys.map(({ keyId }) => keyId).join(', ') || 'none';
    return {
      findings: [
        fails(`The record is signed with the key ${keyid}, which is not one of the given keys: ${known}.`),
      ],
    };
  }
  if (!isSignedBy(envelope, key))
    return { findings: [fails(`The record was changed after it was signed with the key ${keyid}.`)] };
  const statement = parse(Buffer.from(envelope.payload, 'base64'));
  const receipt = receiptStatementSchema.safeParse(statement).data?.predicate;
  const report = reportStatementSchema.safeParse(statement).data?.predicate;
  const isKnown = receipt || report || checksStatementSchema.safeParse(statement).success;
  if (envelope.payloadType !== STATEMENT_TYPE || !isKnown)
    return {
      findings: [fails(`The key ${keyid} signed something else than a receipt or report of this version.`)],
    };
  return found(holds(`The record is unchanged since it was signed with the key ${keyid}.`), receipt, report);
}

function readUnsigned(value: unknown, isAllowed: boolean): ReadRecord {
  const receipt = factsSchema.safeParse(value).data;
  const report = reportSchema.safeParse(value).data;
  if (!(receipt || report || checksSchema.safeParse(value).success))
    return { findings: [fails('The file is not a record.')] };
  const unsigned = {
    holds: isAllowed,
    text: 'The record is not signed, so anybody may have changed it.',
  };
  return found(unsigned, receipt, report);
}

const found = (
  finding: Finding,
  receipt: ReceiptFacts | undefined,
  report: ReportFacts | undefined,
): ReadRecord =>
  receipt
    ? { findings: [finding, ...consistency(receipt)], receipt }
    : { findings: [finding], ...(report ? { report } : {}) };

/** What the receipt itself says about the upload. */
function consistency({ md5, etag, etagIsMd5, fileName }: ReceiptFacts): Finding[] {
  if (etagIsMd5 !== true) return [];
  return [
    etag === md5
      ? holds(`S3 stored ${fileName} as it was sent: its ETag is the MD5.`)
      : fails(`The receipt contradicts itself: the ETag of ${fileName} is not its MD5.`),
  ];
}

/** Returns the JSON value of a text; `undefined` if it is none. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** What was calculated from a file. */
export interface MeasuredFile {
  /** Name for messages. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly md5: string;
  readonly sha256: string;
}

/** Compares the file that was uploaded with its receipt. */
export function checkFile(receipt: ReceiptFacts, file: MeasuredFile): Finding {
  const differences = [
    ...(receipt.sizeBytes === undefined || receipt.sizeBytes === file.sizeBytes
      ? []
      : [`${file.sizeBytes} bytes instead of ${receipt.sizeBytes}`]),
    ...(receipt.md5 === undefined || receipt.md5 === file.md5 ? [] : [`MD5 ${file.md5}`]),
    ...(receipt.sha256 === file.sha256 ? [] : [`SHA-256 ${file.sha256}`]),
  ];
  return differences.length === 0
    ? holds(`${file.name} is the file that was uploaded as ${receipt.fileName}.`)
    : fails(
        `${file.name} is not the file that was uploaded as ${receipt.fileName}: ${differences.join(', ')}.`,
      );
}

/** Compares a result package with the receipt. */
export function checkPackage({ executions }: ReceiptFacts, file: MeasuredFile): Finding {
  const execution = executions.find(({ packages }) =>
    packages.some(({ sha256, sizeBytes }) => sha256 === file.sha256 && sizeBytes === file.sizeBytes),
  );
  return execution
    ? holds(`${file.name} is the result package of ${execution.label}.`)
    : fails(`${file.name} is not a result package of this upload: SHA-256 ${file.sha256}.`);
}
