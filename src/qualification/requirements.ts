/** Something that must hold, and that can be tested. */
export interface Requirement {
  /** `REQ-` and two digits. An ID is never given to another requirement. */
  readonly id: string;
  /** What it is about. */
  readonly area: string;
  /** One sentence that says what must hold. */
  readonly text: string;
}

const requirementsOf = (area: string, texts: Readonly<Record<string, string>>): Requirement[] =>
  Object.entries(texts).map(([id, text]) => ({ id, area, text }));

/**
 * What must hold, for users in regulated environments. `docs/validation/requirements.md` and `docs/validation/traceability.md` are
 * generated from this table and from the tags of the tests.
 */
export const REQUIREMENTS: readonly Requirement[] = [
  ...requirementsOf('Nothing is lost', {
    'REQ-01':
      'An accepted upload ends with a receipt, or with a failure that has a code, even if workers, Temporal, S3 or Aplos fail meanwhile.',
    'REQ-02': 'An upload whose worker was killed continues on another worker automatically.',
    'REQ-03': 'A failed upload can be resumed at the failed step, and completed steps are kept.',
    'REQ-04': 'Uploads that are in progress survive an upgrade of the workers.',
    'REQ-05': 'A watched folder starts an upload for each complete file, once for each version of the file.',
  }),
  ...requirementsOf('The right bytes', {
    'REQ-06': 'S3 stores exactly the bytes of the file, and the receipt has their size and checksums.',
    'REQ-07':
      'A file that changes while it is read, or that is not the one the sender hashed, is not uploaded.',
    'REQ-08': 'An upload is confirmed only after S3 responded with 204 and Aplos has the file.',
    'REQ-09': 'A file that Aplos cannot read ends the upload before an execution is charged.',
    'REQ-10':
      'The configuration reaches Aplos unchanged. A configuration that cannot be read without a loss is refused.',
  }),
  ...requirementsOf('Nothing is paid twice', {
    'REQ-11':
      'An analysis is started once, however often, by whomever and in whichever batch it is requested.',
    'REQ-12':
      'If it is in doubt whether an execution was started, nothing is started until the doubt is settled.',
    'REQ-13': 'An analysis is run again only if the request gives a reason, which the receipt names.',
    'REQ-14': 'Starts wait in order while Aplos takes no more executions.',
  }),
  ...requirementsOf('Results', {
    'REQ-15': 'A stored package is intact, and belongs to the execution, the file and the configuration.',
    'REQ-16': 'A package appears under its name completely or not at all, and replaces nothing.',
    'REQ-17':
      'The results of the analyses that qualify an installation equal the expected ones within the tolerance.',
  }),
  ...requirementsOf('Records', {
    'REQ-18': 'A receipt names the file, its checksums, the executions, who asked, and when each step ran.',
    'REQ-19': 'Any change of a signed record, or a signature by another key, is found.',
    'REQ-20': 'A record of a batch that is missing, replaced or foreign is found.',
    'REQ-21': 'A report of a batch names each upload, what became of it, and what was charged.',
  }),
  ...requirementsOf('Security', {
    'REQ-22':
      'No password, token, key or presigned field is in a message, a log, a metric, a trace or a record.',
    'REQ-23':
      'With a key, payloads are encrypted in Temporal, and nothing is done with what somebody without the key wrote.',
    'REQ-24': 'Workers read files only where they may, and send them only to hosts that are allowed.',
    'REQ-25': 'Workers write results only where they may.',
    'REQ-26': 'Invalid requests from other programs are refused, and change nothing.',
  }),
  ...requirementsOf('Operation', {
    'REQ-27': 'An invalid setting stops the program before it starts, with its name.',
    'REQ-28': 'Every failure has a code of the error table, which says what to do.',
    'REQ-29': 'Failures and missing workers are shown by commands and metrics.',
    'REQ-30': 'The installation reaches Temporal and its workers, and logs in to Aplos.',
  }),
  ...requirementsOf('Records', {
    'REQ-31':
      'If records are kept, each run that ends by itself is recorded once before it ends, and no record is ever overwritten.',
  }),
];
