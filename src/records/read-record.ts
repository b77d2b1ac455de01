import { canonicalBytes } from './canonical.js';
import { type Envelope, envelopeSchema, isSignedBy } from './envelope.js';
import type { VerificationKey } from './keys.js';
import { plainContent, type ReceiptFacts, type RecordContent, statedContent } from './record-schemas.js';
import { STATEMENT_TYPE } from './statement.js';

export type { ReceiptFacts, ReportFacts, RunFacts } from './record-schemas.js';

/** One statement about a record, and whether it is true. */
export interface Finding {
  readonly holds: boolean;
  /** Sentence that says what holds, or what does not and why. */
  readonly text: string;
}

/** A record as it was read, what it is, and what holds about it. */
export interface ReadRecord extends RecordContent {
  readonly findings: readonly Finding[];
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
  const content = statedContent(statement);
  if (envelope.payloadType !== STATEMENT_TYPE || !content)
    return {
      findings: [fails(`The key ${keyid} signed something else than a receipt or report of this version.`)],
    };
  return found(holds(`The record is unchanged since it was signed with the key ${keyid}.`), content);
}

function readUnsigned(value: unknown, isAllowed: boolean): ReadRecord {
  const content = plainContent(value);
  if (!content) return { findings: [fails('The file is not a record.')] };
  const unsigned = {
    holds: isAllowed,
    text: 'The record is not signed, so anybody may have changed it.',
  };
  return found(unsigned, content);
}

const found = (finding: Finding, content: RecordContent): ReadRecord => ({
  findings: [finding, ...(content.receipt ? consistency(content.receipt) : [])],
  ...content,
});

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
