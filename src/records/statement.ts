import type { Ending } from '../contract/ending.js';
import type { Receipt } from '../contract/receipt.js';

/** Type of an in-toto statement of this version. */
export const STATEMENT_V1 = 'https://in-toto.io/Statement/v1';
/** Media type of an in-toto statement in JSON. */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
/** Type of a statement whose predicate is a receipt of this version. */
export const RECEIPT_PREDICATE = 'urn:aplos-upload-worker:receipt:v1';
/** Type of a statement whose predicate is the report of a qualification in this version. */
export const QUALIFICATION_PREDICATE = 'urn:aplos-upload-worker:qualification:v1';
/** Type of a statement whose predicate is a list of checks of an installation in this version. */
export const CHECKS_PREDICATE = 'urn:aplos-upload-worker:checks:v1';

/** Type of a statement whose predicate is the record of a run without a receipt in this version. */
export const ENDING_PREDICATE = 'urn:aplos-upload-worker:ending:v1';

/** Anything with a SHA-256 that a statement is about. */
export interface Subject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

/** What a signature states: an in-toto statement (source: in-toto Attestation Framework, version 1). */
export interface Statement {
  readonly _type: typeof STATEMENT_V1;
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** Returns the statement that a receipt makes about its file and its result packages. */
export const receiptStatement = (receipt: Receipt): Statement => ({
  _type: STATEMENT_V1,
  subject: subjectsOf(receipt),
  predicateType: RECEIPT_PREDICATE,
  predicate: receipt,
});

/** Returns the statement that a run without a receipt makes about its file, if it knew the bytes, and its result packages. */
export const endingStatement = (ending: Ending): Statement => ({
  _type: STATEMENT_V1,
  subject: subjectsOf(ending),
  predicateType: ENDING_PREDICATE,
  predicate: ending,
});

/** Returns what a receipt is about: the file, then each result package. */
export const subjectsOf = ({ fileName, sha256, executions }: Receipt | Ending): Subject[] => [
  ...(fileName === undefined || sha256 === undefined ? [] : [{ name: fileName, digest: { sha256 } }]),
  ...executions.flatMap(({ packages = [] }) =>
    packages.map((each) => ({ name: each.location, digest: { sha256: each.sha256 } })),
  ),
];
