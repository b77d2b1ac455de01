/**
 * What becomes of a step after an error.
 *
 * - `retry`: it passes by itself; Temporal tries the same step again.
 * - `presign-again`: the presigned POST is spent; the workflow presigns and uploads again, as a pair.
 * - `final`: trying again changes nothing; a person acts, then the run is replayed.
 */
export type Remedy = 'retry' | 'presign-again' | 'final';

/** One row of the error table. */
export interface ErrorRow {
  /** What has happened, in one sentence. */
  readonly meaning: string;
  readonly remedy: Remedy;
  /** What a person does about it. For `retry` rows: only when it does not pass. */
  readonly action: string;
}

const row = (remedy: Remedy, meaning: string, action: string): ErrorRow => ({ meaning, remedy, action });

/**
 * Every error code there is, what it means, whether it is retried, and what to do. `docs/errors.md` is
 * generated from this table.
 */
export const errorTable = {
  REQUEST_INVALID: row(
    'final',
    'The request does not fit the contract.',
    'Correct the fields named in the message and start again.',
  ),
  SETTINGS_INVALID: row(
    'final',
    'A setting is missing or malformed.',
    'Correct the setting named in the message; `aplos-upload settings` shows all of them.',
  ),
  PROFILE_UNKNOWN: row(
    'final',
    'The request names an Aplos profile that the worker does not have.',
    'Use one of the profiles named in the message, or add it to the settings of every worker and restart them; then replay.',
  ),
  TEMPORAL_UNREACHABLE: row(
    'final',
    'The Temporal server does not answer.',
    'Check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, that the server is up, and with TLS the certificates of both sides.',
  ),
  SEARCH_ATTRIBUTES_MISSING: row(
    'final',
    'The Temporal namespace lacks search attributes that the workflow sets.',
    'Register them with the command in the message, then start the worker again.',
  ),
  PAYLOAD_UNREADABLE: row(
    'retry',
    'What Temporal stores is encrypted with a key that this process does not have, or has been changed.',
    'Add the key of that name to the encryption keys of this process and restart it; what waits for it goes on by itself.',
  ),

  SOURCE_UNSUPPORTED: row(
    'final',
    'The source is of a kind that the worker cannot read.',
    'Use a file: URL with an absolute path, an https: URL without user name and password, or s3://bucket/key.',
  ),
  SOURCE_FORBIDDEN: row(
    'final',
    'The source, or where it redirects to, is a host or an address that the worker may not reach.',
    'If it may be read, name the host or the address in APLOS_UPLOAD_SOURCE_HOSTS on the worker; then replay.',
  ),
  SOURCE_REFUSED: row(
    'final',
    'The server of the source does not give the file out (4xx): no right to it, a presigned URL that has expired, or no such file.',
    'Do as the status in the message says, then replay; where the URL was presigned, upload again with a new one.',
  ),
  SOURCE_UNREACHABLE: row(
    'retry',
    'The server of the source does not answer, gave no byte for the idle limit, or broke off.',
    'Check the network from the worker to the host in the message.',
  ),
  SOURCE_UNAVAILABLE: row(
    'retry',
    'The server of the source asks to try again later (429, 5xx).',
    'It passes by itself; if it lasts, ask who runs the server.',
  ),
  SOURCE_ANSWER_UNEXPECTED: row(
    'final',
    'The server of the source answered in a way from which the file cannot be read for certain.',
    'Read the message; have the server give the file as it is, or copy the file to S3 or to a disk that the worker sees.',
  ),
  SOURCE_SPOOL_LIMIT: row(
    'final',
    'The server does not say how long the file is, and it is longer than what the worker takes to its disk.',
    'Have the server send a Content-Length, or raise APLOS_UPLOAD_SPOOL_LIMIT on the worker; then replay.',
  ),
  SOURCE_SPOOL_FAILED: row(
    'retry',
    'A source of unknown length could not be taken to the disk of the worker.',
    'Check the space and the rights in the folder for temporary files (TMPDIR) on the worker.',
  ),
  SOURCE_AWS_UNCONFIGURED: row(
    'retry',
    'The worker found no AWS credentials, or no region, to read an s3: source with.',
    'Give the worker credentials by one of the ways of the AWS SDK, and AWS_REGION; restart it.',
  ),
  HOST_WITHOUT_WORKER: row(
    'final',
    'No worker serves the host that has the file. An upload with this code that is running waits, and goes on by itself.',
    'Start a worker on that host, with APLOS_UPLOAD_HOST set to its name. What has ended, after seven days: replay.',
  ),
  FILE_NOT_FOUND: row(
    'final',
    'There is no file at the source.',
    'Put the file back, or correct the path; the worker must see the same mount as the sender. Then replay.',
  ),
  FILE_UNREADABLE: row(
    'final',
    'The worker may not read the file.',
    'Give the worker read permission, then replay.',
  ),
  FILE_NOT_REGULAR: row('final', 'The source is a folder, device, socket or pipe.', 'Name a file.'),
  FILE_OUTSIDE_ROOTS: row(
    'final',
    'The file lies outside the folders that the worker may read.',
    'Move the file, or add its folder to APLOS_UPLOAD_ROOTS on the worker; then replay.',
  ),
  FILE_EMPTY: row('final', 'The file has no bytes.', 'Write the data, then upload the file again.'),
  FILE_TOO_LARGE: row(
    'final',
    'The file is over 5 GiB, the most that one POST to S3 carries.',
    'Split the file by study or analyte.',
  ),
  FILE_TYPE_UNSUPPORTED: row(
    'final',
    'Aplos NCA does not take files of this type.',
    'Export the table as CSV, or as one of the types in the message.',
  ),
  FILE_NOT_AS_EXPECTED: row(
    'final',
    'The file is not the one the sender saw: its size or SHA-256 differs.',
    'Find out who changed it; upload the file as it is now as a new upload.',
  ),
  FILE_CHANGED: row(
    'final',
    'The file was written to while it was being sent.',
    'Wait until it is complete, then upload it again.',
  ),
  FILE_READ_FAILED: row(
    'retry',
    'Reading the file failed half way, for example on a network share.',
    'Check the disk or the mount.',
  ),
  FILE_READ_STALLED: row(
    'retry',
    'The file gave no byte for the idle limit, for example a network share that hangs.',
    'Check the mount on the worker.',
  ),

  LOGIN_REFUSED: row(
    'final',
    'Cognito refused the user name or password.',
    'Correct COGNITO_USER_NAME and COGNITO_PASSWORD on the worker, restart it, then replay.',
  ),
  LOGIN_USER_UNKNOWN: row(
    'final',
    'Cognito does not know the user, or it was disabled.',
    'Have the account restored, or use another; then replay.',
  ),
  LOGIN_CHALLENGE: row(
    'final',
    'Cognito asks for more than a password, for example a new one.',
    'Log in to Aplos NCA once in a browser and answer it, then replay.',
  ),
  LOGIN_THROTTLED: row(
    'retry',
    'Cognito asks to log in less often.',
    'It passes by itself; if it lasts, see who else uses the account.',
  ),
  LOGIN_UNAVAILABLE: row(
    'retry',
    'Cognito does not answer, or answers with an error of its own.',
    'Check the network to Cognito, COGNITO_REGION and COGNITO_ENDPOINT.',
  ),
  LOGIN_UNEXPECTED: row(
    'final',
    'Cognito answered in a way this version does not understand.',
    'Check COGNITO_CLIENT_ID and COGNITO_ENDPOINT; report it if they are right.',
  ),

  API_UNREACHABLE: row(
    'retry',
    'The Aplos API does not answer: no connection, or it was cut.',
    'Check APLOS_API_URL and the network.',
  ),
  API_UNAVAILABLE: row(
    'retry',
    'The Aplos API answered with an error of its own (5xx), or ran into its time limit.',
    'It passes by itself; if it lasts, ask Aplos and give the log id in the message.',
  ),
  API_THROTTLED: row(
    'retry',
    'The Aplos API asks for fewer calls (429).',
    'It passes by itself: the pause that the API asked for is kept.',
  ),
  API_TOKEN_REFUSED: row(
    'final',
    'The Aplos API refused a fresh token (401).',
    'Check that APLOS_API_URL and COGNITO_CLIENT_ID belong to the same Aplos environment; then replay.',
  ),
  API_FORBIDDEN: row(
    'final',
    'The Aplos API refused the call (403): a missing right, something of another user, or a path it does not know.',
    'Check the rights of the account and APLOS_API_URL; then replay.',
  ),
  API_NOT_FOUND: row(
    'final',
    'The Aplos API does not know what was asked for (404).',
    'Check APLOS_API_URL and APLOS_API_VERSION.',
  ),
  API_REFUSED: row(
    'final',
    'The Aplos API refused the request (4xx).',
    'Read its words in the message, correct the request, start again.',
  ),
  API_TOO_LARGE: row(
    'final',
    'The Aplos API refused the request as too large (413).',
    'Make the configuration or the metadata smaller, start again.',
  ),
  API_ANSWER_BROKEN: row(
    'retry',
    'The answer of the Aplos API broke off or is not JSON.',
    'If it lasts, see what stands between: a proxy, a maintenance page.',
  ),
  API_ANSWER_UNEXPECTED: row(
    'final',
    'The answer of the Aplos API is JSON of another shape: this may not be Aplos NCA, or another version of it.',
    'Check APLOS_API_URL and APLOS_API_VERSION; report it if they are right.',
  ),

  S3_HOST_REFUSED: row(
    'final',
    'The presigned POST leads to a host that is not Amazon S3. Nothing was sent.',
    'Ask Aplos. If the host is right, name it in APLOS_UPLOAD_S3_HOSTS on the worker; then replay.',
  ),
  S3_UNREACHABLE: row(
    'retry',
    'S3 does not answer: no connection, or it was cut.',
    'Check the network to the host in the message.',
  ),
  S3_UNAVAILABLE: row(
    'retry',
    'S3 asks to try again later (SlowDown, InternalError, RequestTimeout, 5xx).',
    'It passes by itself; if it lasts, see the AWS status page.',
  ),
  S3_STALLED: row(
    'retry',
    'No byte of the upload has moved for the idle limit.',
    'Check the network to S3; APLOS_UPLOAD_IDLE_TIMEOUT sets the limit.',
  ),
  S3_EXPIRED: row(
    'presign-again',
    'The presigned POST, or the token in it, has expired.',
    'It passes by itself: a new one is asked for.',
  ),
  S3_SIGNATURE_REFUSED: row(
    'final',
    'S3 refused the signature or key of the presigned POST.',
    'Ask Aplos; give the file id and the time. Then replay.',
  ),
  S3_ACCESS_DENIED: row(
    'final',
    'S3 refused the upload.',
    'Read its words in the message; ask Aplos. Then replay.',
  ),
  S3_TOO_LARGE: row(
    'final',
    'The file is larger than the presigned POST allows.',
    'Ask Aplos for the limit of your plan; split the file.',
  ),
  S3_TOO_SMALL: row(
    'final',
    'The file is smaller than the presigned POST allows.',
    'Check that the file is complete.',
  ),
  S3_REDIRECTED: row(
    'final',
    'S3 sent the upload to another address. It was not followed, as the form carries credentials.',
    'Ask Aplos: the presigned URL should name the right region. Then replay.',
  ),
  S3_REFUSED: row(
    'final',
    'S3 refused the form.',
    'Read its words in the message; report it with the file id.',
  ),
  UPLOAD_NOT_204: row(
    'final',
    'The upload was answered with another status than 204 No Content, so it is not known to be stored.',
    'Look up the file in Aplos NCA; then replay from presign.',
  ),
  UPLOAD_CORRUPTED: row(
    'presign-again',
    'The MD5 that S3 stored is not the MD5 of what was sent.',
    'It is sent again a bounded number of times. If it lasts, suspect the disk, the memory or a proxy.',
  ),

  FILE_INVALID: row(
    'final',
    'Aplos NCA cannot read the file as a table. No execution was started.',
    'Correct the file as the message says, upload it again.',
  ),
  EXECUTION_REFUSED: row(
    'final',
    'Aplos NCA refused to start the execution, for example because of its configuration.',
    'Correct the configuration, then upload again with it.',
  ),
  ALLOCATION_EXHAUSTED: row(
    'final',
    'The subscription has no execution left.',
    'Buy or free allocations in Aplos NCA, then replay: the file is not sent again.',
  ),
  START_UNSETTLED: row(
    'final',
    'It is not known whether an execution was started, and the service cannot tell. It was not asked for again, as each is paid for.',
    'Look in Aplos NCA for an execution with the tracking id in the message. If there is none, start it there: the file is uploaded.',
  ),
  STEP_TIMED_OUT: row(
    'final',
    'A step did not get done in all the time it was given.',
    'See that a worker is running and what it logged; then replay.',
  ),
  INTERNAL: row(
    'retry',
    'Something that this program did not foresee.',
    'Report it with the stack trace in the log.',
  ),
} as const satisfies Record<string, ErrorRow>;

/** The code of an error: the `type` of the failure in the Temporal UI, and `code` in JSON. */
export type ErrorCode = keyof typeof errorTable;

/** Whether a string is one of the codes in the error table. */
export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(errorTable, value);

/** What else is known about an error. Nothing in it may be secret: it reaches logs and histories. */
export interface UploadErrorOptions {
  /** The error below, for the log. */
  readonly cause?: unknown;
  /** How long the other side asked to wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Facts for programs, e.g. the HTTP status. */
  readonly details?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** What to do, where the table's words are too general. */
  readonly action?: string;
}

/**
 * An error with a code from the {@link errorTable}. Its message is one line: what happened, to which file,
 * and what to do next.
 */
export class UploadError extends Error {
  override readonly name = 'UploadError';
  readonly code: ErrorCode;
  /** What happened and to which file, without the advice. */
  readonly happened: string;
  readonly retryAfterMs: number | undefined;
  readonly details: UploadErrorOptions['details'];

  /**
   * @param code row of the error table
   * @param happened what happened and to which file, as a sentence without its full stop
   * @param options what else is known
   */
  constructor(code: ErrorCode, happened: string, options: UploadErrorOptions = {}) {
    super(
      `${happened.replace(/\.+$/, '')}. ${options.action ?? errorTable[code].action}`,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.code = code;
    this.happened = happened;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  /** Whether trying the same step again can help. */
  get retryable(): boolean {
    return errorTable[this.code].remedy === 'retry';
  }
}
