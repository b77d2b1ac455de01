import type { ErrorRow, Fault, RareTraits, Remedy } from './error-traits.js';

const row = (
  remedy: Remedy,
  fault: Fault,
  meaning: string,
  action: string,
  rareTraits: RareTraits = {},
): ErrorRow => ({
  meaning,
  action,
  remedy,
  fault,
  afterFix: fault === 'caller' ? 'upload' : 'replay',
  exitCode: 1,
  mayHaveStarted: false,
  callMayNotExist: false,
  isProgress: false,
  isIdleTimeout: false,
  isUnreadable: false,
  ...rareTraits,
});

/**
 * All error codes: what each one means, what to do, and what follows from it. Code that treats some errors differently asks
 * for a trait, and keeps no list of codes. `docs/reference/errors.md` is generated from this table.
 */
export const errorTable = {
  REQUEST_INVALID: row(
    'final',
    'caller',
    'The upload request, or another input of the command, is not valid.',
    'Correct the fields named in the message and start again.',
    { exitCode: 2 },
  ),
  SETTINGS_INVALID: row(
    'final',
    'settings',
    'A setting is missing, malformed or cannot be used.',
    'Correct the setting named in the message; `aplos-upload settings` shows all of them.',
    { exitCode: 2 },
  ),
  STATE_FILE_UNWRITABLE: row(
    'final',
    'settings',
    'The state file of a folder watch cannot be opened or written. The watch starts no file that it cannot record.',
    'Check the permissions and the free space of the disk, or name another file with --state.',
    { exitCode: 2, outageOf: 'state-file' },
  ),
  STATE_FILE_INVALID: row(
    'final',
    'settings',
    'The state file of a folder watch has a line that no watch of this version wrote.',
    'Name another file with --state: what Temporal or Aplos knows is not started again. Or fix the line.',
    { exitCode: 2 },
  ),
  FOLDER_UNAVAILABLE: row(
    'final',
    'settings',
    'The watched folder does not exist or cannot be read.',
    'Mount the share, or correct the path or the permissions. A running watch then continues.',
  ),
  PROFILE_UNKNOWN: row(
    'final',
    'caller',
    'The request names an Aplos profile that the worker does not have.',
    'Use one of the profiles named in the message, or add it to the settings of every worker and restart them.',
    { exitCode: 2, afterFix: 'replay' },
  ),
  TEMPORAL_UNREACHABLE: row(
    'retry',
    'service',
    'The Temporal server does not respond: there is no connection, or it was dropped.',
    'Check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, that the server is running, and with TLS the certificates of both sides.',
    { outageOf: 'temporal' },
  ),
  TEMPORAL_UNAVAILABLE: row(
    'retry',
    'service',
    'The Temporal server asks to retry later: it is overloaded, limits the rate of calls, or reports an internal error.',
    'Retry the call. If this persists, check the Temporal server and the rate limits of the namespace.',
    { outageOf: 'temporal' },
  ),
  TEMPORAL_ACCESS_DENIED: row(
    'final',
    'settings',
    'The Temporal server denies access: the credentials are missing, have expired, or do not include the namespace.',
    'Check TEMPORAL_API_KEY or the client certificate, TEMPORAL_NAMESPACE, and the permissions that belong to them.',
    { outageOf: 'temporal' },
  ),
  TEMPORAL_REFUSED: row(
    'final',
    'caller',
    'The Temporal server refused a call, for example because it exceeds a limit or the server is too old.',
    'Read the reason in the message. Make the request smaller if it names a limit; otherwise check the version of the server.',
  ),
  NAMESPACE_UNKNOWN: row(
    'final',
    'settings',
    'The Temporal server does not have the namespace.',
    'Check TEMPORAL_NAMESPACE and TEMPORAL_ADDRESS. To create the namespace, run: temporal operator namespace create; then: aplos-upload setup.',
    { outageOf: 'temporal' },
  ),
  SEARCH_ATTRIBUTES_MISSING: row(
    'final',
    'settings',
    'The Temporal namespace lacks search attributes that the workflow sets.',
    'Register them with the command in the message, then start the worker again.',
    { outageOf: 'temporal' },
  ),
  SEARCH_ATTRIBUTES_MISMATCHED: row(
    'final',
    'settings',
    'The Temporal namespace has a search attribute with another type than the workflow sets.',
    'Use another namespace; or, if nothing else needs the attribute, remove it and run: aplos-upload setup.',
    { outageOf: 'temporal' },
  ),
  UPLOAD_UNKNOWN: row(
    'final',
    'caller',
    'Temporal has no upload with this ID, or no longer has its history.',
    'To list recent uploads, run: aplos-upload status. To be sure of a file, upload it again: what Aplos already has is not started again.',
  ),
  RECEIPT_MISSING: row(
    'final',
    'caller',
    'The upload has no receipt, because it is not done.',
    'See what it waits for, or why it failed: aplos-upload status.',
  ),
  RECORD_UNWRITABLE: row(
    'retry',
    'settings',
    'The file of a receipt, record or report cannot be written. An upload whose record cannot be written does not end before it is.',
    'Check APLOS_UPLOAD_RECORDS on the worker, the permissions, the mount and the free space, or the bucket and the AWS credentials. The step is retried.',
  ),
  RECORD_CONFLICT: row(
    'retry',
    'settings',
    'The name of a record has something else: somebody changed the record, or wrote it. Nothing was overwritten, and the upload does not end before its record is written.',
    'Find out who wrote it, then move it away. The step is retried.',
  ),
  RECORDS_UNREADABLE: row(
    'final',
    'settings',
    'The folder or bucket with the records cannot be read.',
    'Check APLOS_UPLOAD_RECORDS, the permissions and the mount, or the bucket and the AWS credentials.',
  ),
  CANCELLED: row('final', 'caller', 'Somebody cancelled the upload.', 'Upload the file again to continue.', {
    afterFix: 'replay',
  }),
  TERMINATED: row(
    'final',
    'caller',
    'Somebody terminated the workflow of the upload.',
    'Upload the file again to continue.',
    { afterFix: 'replay' },
  ),
  WORKER_MISSING: row(
    'final',
    'settings',
    'No worker polls the task queue that new uploads go to. They wait until one does.',
    'Start a worker with `aplos-upload worker`.',
  ),
  PAYLOAD_UNREADABLE: row(
    'retry',
    'settings',
    'Data stored in Temporal cannot be decrypted: this process does not have the key, or the data was altered.',
    'Add the key named in the message to the encryption keys of this process and restart it. Waiting uploads then continue.',
  ),
  PAYLOAD_UNTRUSTED: row(
    'final',
    'settings',
    'Data stored in Temporal was not encrypted with a key of this program for this step of this workflow: somebody without the key may have forged it, or a worker or client runs without the key.',
    'Check who may write to the namespace, and that every worker and client has the key.',
    { mayHaveStarted: true },
  ),
  ACTIVITY_FORBIDDEN: row(
    'final',
    'caller',
    'An activity of this worker was called without the workflow that it belongs to. Nothing was done.',
    'Start the workflow uploadAnalysisFile instead. If nobody here called the activity, check who may write to the namespace.',
  ),

  SOURCE_UNSUPPORTED: row(
    'final',
    'caller',
    'The worker cannot read sources of this kind.',
    'Use a file: URL with an absolute path, an https: URL without user name and password, or s3://bucket/key.',
  ),
  SOURCE_FORBIDDEN: row(
    'final',
    'caller',
    'The source, or a redirect from it, leads to a host or an address that the worker may not connect to.',
    'If the worker should read it, add the host or the address to APLOS_UPLOAD_SOURCE_HOSTS on the worker.',
    { afterFix: 'replay' },
  ),
  SOURCE_REFUSED: row(
    'final',
    'caller',
    'The server of the source refused to serve the file (4xx): access is denied, a presigned URL has expired, or the file does not exist.',
    'If a presigned URL has expired, upload again with a new one. Otherwise, fix what the status in the message names.',
    { afterFix: 'replay' },
  ),
  SOURCE_UNREACHABLE: row(
    'retry',
    'service',
    'The server of the source did not respond, sent too little data within the idle timeout, or dropped the connection.',
    'Check the network from the worker to the host in the message.',
  ),
  SOURCE_UNAVAILABLE: row(
    'retry',
    'service',
    'The server of the source asks to retry later (429, 5xx).',
    'The step is retried. If this persists, contact whoever runs the server.',
  ),
  SOURCE_ANSWER_UNEXPECTED: row(
    'final',
    'service',
    'The server of the source sent a response from which the file cannot be read reliably.',
    'Read the message. Upload a copy from S3 or from a disk that the worker can read, or configure the server to send the file unchanged.',
  ),
  SOURCE_SPOOL_LIMIT: row(
    'final',
    'settings',
    'The server does not report the length of the file, and the file is larger than what the worker may spool to disk.',
    'Have the server send a Content-Length, or raise APLOS_UPLOAD_SPOOL_LIMIT on the worker.',
  ),
  SOURCE_SPOOL_FAILED: row(
    'retry',
    'settings',
    'The worker could not spool a source of unknown length to its disk.',
    'Check the free space and the permissions of the temporary folder (TMPDIR) on the worker.',
  ),
  SOURCE_AWS_UNCONFIGURED: row(
    'retry',
    'settings',
    'The worker found no AWS credentials, or no region, to read an s3: source.',
    'Give the worker credentials in any way that the AWS SDK supports, set AWS_REGION, and restart it.',
  ),
  HOST_WITHOUT_WORKER: row(
    'final',
    'settings',
    'No worker serves the host that has the file. A running upload with this code is waiting, and continues once a worker starts there. After seven days it fails.',
    'Start a worker on that host, with APLOS_UPLOAD_HOST set to its name.',
  ),
  HOST_MISMATCH: row(
    'final',
    'settings',
    'The step reached a worker that does not serve the host that has the file. The worker read nothing.',
    'Make sure that all workers run this version.',
  ),
  FILE_NOT_FOUND: row(
    'final',
    'caller',
    'The file does not exist.',
    'Restore the file, or correct the path. The worker and the sender must see the same mount.',
    { afterFix: 'replay' },
  ),
  FILE_UNREADABLE: row(
    'final',
    'settings',
    'The worker or the command may not read the file.',
    'Give it read permission.',
    { isUnreadable: true },
  ),
  FILE_NAME_INVALID: row(
    'final',
    'caller',
    'The name of a file or folder is not valid UTF-8, or has a character that a file name at Aplos cannot have: a backslash or a control character.',
    'Rename the file or folder.',
    { isUnreadable: true },
  ),
  LINK_BROKEN: row(
    'final',
    'caller',
    'A symbolic link leads to nothing, or back to itself.',
    'Restore what it leads to, or remove the link.',
    { isUnreadable: true },
  ),
  FOLDER_UNREADABLE: row(
    'final',
    'settings',
    'A folder cannot be listed, so the files in it are not known.',
    'Give permission to list and enter the folder, or check the mount.',
    { isUnreadable: true },
  ),
  FILE_NOT_REGULAR: row(
    'final',
    'caller',
    'The source is a folder, device, socket or pipe.',
    'Name a regular file.',
  ),
  FILE_OUTSIDE_ROOTS: row(
    'final',
    'caller',
    'The file is outside the folders that the worker may read.',
    'Move the file, or add its folder to APLOS_UPLOAD_ROOTS on the worker.',
    { afterFix: 'replay' },
  ),
  FILE_EMPTY: row('final', 'caller', 'The file is empty.', 'Write the data, then upload the file again.'),
  FILE_TOO_LARGE: row(
    'final',
    'caller',
    'The file is larger than 5 GiB, the maximum for one POST to S3.',
    'Split the file by study or analyte.',
  ),
  FILE_TYPE_UNSUPPORTED: row(
    'final',
    'caller',
    'Aplos NCA does not accept files of this type.',
    'Export the table as CSV, or as one of the types in the message.',
  ),
  FILE_NOT_AS_EXPECTED: row(
    'final',
    'caller',
    'The file is not the one that the sender saw: its size or SHA-256 differs.',
    'Find out who changed it. To upload the file as it is now, start a new upload.',
  ),
  FILE_CHANGED: row(
    'final',
    'caller',
    'The file was modified while it was being uploaded.',
    'Wait until the file is complete, then upload it again.',
  ),
  FILE_READ_FAILED: row(
    'retry',
    'service',
    'Reading the file failed, for example on a network share.',
    'Check the disk or the mount.',
    { isUnreadable: true },
  ),
  FILE_READ_STALLED: row(
    'retry',
    'service',
    'Reading the file returned too little data within the idle timeout, for example because a network share hangs.',
    'Check the mount on the worker.',
    { isIdleTimeout: true, isUnreadable: true },
  ),

  LOGIN_REFUSED: row(
    'final',
    'settings',
    'Cognito refused the user name or password.',
    'Correct COGNITO_USER_NAME and COGNITO_PASSWORD on the worker and restart it.',
  ),
  LOGIN_USER_UNKNOWN: row(
    'final',
    'settings',
    'Cognito does not know the user, or the user is disabled.',
    'Have the account restored, or use another account.',
  ),
  LOGIN_CHALLENGE: row(
    'final',
    'settings',
    'Cognito requires more than a password, for example that the user sets a new one.',
    'Log in to Aplos NCA in a browser and complete the prompt.',
  ),
  LOGIN_FLOW_UNSUPPORTED: row(
    'final',
    'settings',
    'The app client of the Cognito user pool does not accept a password: it requires SRP, or a client secret.',
    'Have the app client allow the flow ALLOW_USER_PASSWORD_AUTH, or set COGNITO_CLIENT_ID to one that allows it.',
  ),
  LOGIN_THROTTLED: row(
    'retry',
    'service',
    'Cognito asks for fewer logins.',
    'The step is retried. If this persists, check who else uses the account.',
  ),
  LOGIN_UNAVAILABLE: row(
    'retry',
    'service',
    'Cognito does not respond, or responds with a server error.',
    'Check the network to Cognito, COGNITO_REGION and COGNITO_ENDPOINT.',
  ),
  LOGIN_UNEXPECTED: row(
    'retry-briefly',
    'settings',
    'Cognito sent a response that this version does not understand.',
    'Check COGNITO_CLIENT_ID and COGNITO_ENDPOINT. If both are correct, report the error.',
  ),

  API_UNREACHABLE: row(
    'retry',
    'service',
    'The Aplos API does not respond: there is no connection, or it was dropped.',
    'Check APLOS_API_URL and the network.',
    { mayHaveStarted: true },
  ),
  API_UNAVAILABLE: row(
    'retry',
    'service',
    'The Aplos API responded with a server error (5xx), or timed out.',
    'The step is retried. If this persists, contact Aplos and quote the log ID from the message.',
    { mayHaveStarted: true },
  ),
  API_THROTTLED: row(
    'retry',
    'service',
    'The Aplos API asks for fewer calls (429). It did not process the call.',
    'The step is retried after the pause that Aplos asked for.',
  ),
  API_TOKEN_REFUSED: row(
    'final',
    'settings',
    'The Aplos API refused a fresh token (401).',
    'Check that APLOS_API_URL and COGNITO_CLIENT_ID belong to the same Aplos environment.',
  ),
  API_FORBIDDEN: row(
    'final',
    'settings',
    'The Aplos API refused the call (403): the account lacks a permission, the object belongs to another user, or the path does not exist.',
    'Check the permissions of the account, and APLOS_API_URL.',
    { callMayNotExist: true },
  ),
  API_NOT_FOUND: row(
    'final',
    'settings',
    'The Aplos API does not know the path or the object (404).',
    'Check APLOS_API_URL and APLOS_API_VERSION.',
    { callMayNotExist: true },
  ),
  API_DELETED: row(
    'final',
    'caller',
    'The file or the execution was deleted at Aplos (410).',
    'Restore it in Aplos NCA if it is still needed.',
    { callMayNotExist: true, afterFix: 'replay-from-presign' },
  ),
  API_REFUSED: row(
    'final',
    'caller',
    'The Aplos API refused the request (4xx).',
    'Read the reason that Aplos gives in the message, correct the request, and start again.',
  ),
  API_TOO_LARGE: row(
    'final',
    'caller',
    'The Aplos API refused the request because it is too large (413).',
    'Make the configuration or the metadata smaller and start again.',
  ),
  API_ANSWER_BROKEN: row(
    'retry',
    'service',
    'The response of the Aplos API is incomplete or is not JSON.',
    'The step is retried. If this persists, check what responds instead of Aplos: a proxy, or a maintenance page.',
    { mayHaveStarted: true },
  ),
  API_ANSWER_UNEXPECTED: row(
    'retry-briefly',
    'service',
    'The response of the Aplos API is JSON of an unknown shape: this may be another version of Aplos NCA, or not Aplos NCA at all. If the response is too large, or holds a value that cannot be real, such as an id of 300 characters, the error is final immediately.',
    'Check APLOS_API_URL and APLOS_API_VERSION. If both are correct, report the error.',
    { mayHaveStarted: true, callMayNotExist: true },
  ),

  PRESIGN_AMBIGUOUS: row(
    'final',
    'service',
    'The presigned POST has the same form field in two spellings, so it is unclear which one S3 has signed. Nothing was sent.',
    'Report the field in the message to Aplos.',
    { afterFix: 'replay-from-presign' },
  ),
  S3_HOST_REFUSED: row(
    'final',
    'service',
    'The URL of a presigned POST, or of a package with results, does not lead to Amazon S3. The worker sent nothing.',
    'Ask Aplos. If the host in the message is correct, add it to APLOS_UPLOAD_S3_HOSTS on the worker.',
  ),
  S3_BUCKET_REFUSED: row(
    'final',
    'service',
    'The presigned POST goes to a bucket that APLOS_UPLOAD_S3_BUCKETS does not list. The worker sent nothing.',
    'Ask Aplos. If the bucket in the message is theirs, add it to APLOS_UPLOAD_S3_BUCKETS on the worker.',
  ),
  S3_UNREACHABLE: row(
    'retry',
    'service',
    'S3 does not respond: there is no connection, or it was dropped.',
    'Check the network to the host in the message.',
  ),
  S3_UNAVAILABLE: row(
    'retry',
    'service',
    'S3 asks to retry later (SlowDown, InternalError, RequestTimeout, 5xx).',
    'The step is retried. If this persists, see the AWS status page.',
  ),
  S3_STALLED: row(
    'retry',
    'service',
    'The upload made no progress within the idle timeout.',
    'Check the network to S3. APLOS_UPLOAD_IDLE_TIMEOUT sets the timeout.',
    { isIdleTimeout: true },
  ),
  S3_EXPIRED: row(
    'presign-again',
    'service',
    'The presigned POST, or the token in it, has expired.',
    'The workflow requests a new presigned POST. If this persists, check the clock of the worker.',
    { afterFix: 'replay-from-presign' },
  ),
  S3_SIGNATURE_REFUSED: row(
    'final',
    'service',
    'S3 refused the signature or the access key of the presigned POST.',
    'Contact Aplos and quote the file id and the time.',
  ),
  S3_ACCESS_DENIED: row(
    'final',
    'service',
    'S3 denied access.',
    'Read the reason that S3 gives in the message and contact Aplos.',
  ),
  S3_TOO_LARGE: row(
    'final',
    'caller',
    'The file is larger than the presigned POST allows.',
    'Ask Aplos for the limit of your plan, and split the file.',
  ),
  S3_TOO_SMALL: row(
    'final',
    'caller',
    'The file is smaller than the presigned POST allows.',
    'Check that the file is complete.',
  ),
  S3_REDIRECTED: row(
    'final',
    'service',
    'S3 redirected the upload. The worker did not follow the redirect, because the form carries credentials.',
    'Ask Aplos to presign for the right region.',
  ),
  S3_REFUSED: row(
    'final',
    'service',
    'S3 refused the presigned POST.',
    'Read the reason that S3 gives in the message, and report it with the file id.',
  ),
  UPLOAD_NOT_204: row(
    'final',
    'service',
    'S3 responded to the upload with a status other than 204 No Content, so it is not certain that the file is stored.',
    'Look up the file in Aplos NCA.',
    { afterFix: 'replay-from-presign' },
  ),
  UPLOAD_CORRUPTED: row(
    'presign-again',
    'service',
    'S3 or Aplos reports another MD5, checksum or size than that of the bytes that were sent.',
    'The workflow uploads the file again, a limited number of times. If this persists, check the disk, the memory and any proxy.',
    { afterFix: 'replay-from-presign' },
  ),

  FILE_INVALID: row(
    'final',
    'caller',
    'Aplos NCA cannot read the file as a table. No execution was started.',
    'Correct the file as the message says, then upload it again.',
  ),
  FILE_NOT_READY: row(
    'retry',
    'service',
    'Aplos NCA has the file, but still checks or converts it. The executions start once the file is ready.',
    'If this persists for hours, contact Aplos and quote the file ID from the message.',
  ),
  FILE_NOT_STORED: row(
    'final',
    'caller',
    'The file to analyze is not at Aplos: no upload of it is known, or it was deleted there.',
    'Upload the file. Uploads are free of charge, and find analyses that were paid before.',
  ),
  FILE_UNVERIFIED: row(
    'final',
    'caller',
    'Nobody can prove which bytes the file at Aplos has: Aplos reports no SHA-256, and Temporal has no run that uploaded it. No execution was started, because its results could be those of another file.',
    'Upload the file. Uploads are free of charge, and find analyses that were paid before.',
  ),
  EXECUTION_REFUSED: row(
    'final',
    'caller',
    'Aplos NCA refused to start the execution, for example because of its configuration.',
    'Correct the configuration. Then run aplos-upload analyze with the workflow ID and the new configuration: the file is stored, and not uploaded again.',
    { afterFix: 'analyze' },
  ),
  EXECUTION_REJECTED: row(
    'final',
    'caller',
    'Aplos NCA took the start of the execution, but then rejected it. A rejected execution does not run and is not charged.',
    'Read the reason in the message, and wait until it no longer applies.',
    { afterFix: 'replay-from-start' },
  ),
  EXECUTION_PENDING: row(
    'retry',
    'service',
    'An execution is still at work. This is no error: the upload waits for the end of the execution.',
    'The status is checked again at growing intervals.',
    { isProgress: true },
  ),
  EXECUTION_FAILED: row(
    'final',
    'caller',
    'The execution was started, but the analysis failed at Aplos NCA. Aplos does not charge for failed analyses.',
    'If the configuration is at fault, correct it, then run aplos-upload analyze with the workflow ID and the new configuration. If the file is, upload the corrected file.',
    { afterFix: 'analyze' },
  ),
  EXECUTION_CANCELLED: row(
    'final',
    'caller',
    'Somebody cancelled the execution at Aplos NCA. Aplos does not charge for it.',
    'If the analysis is still wanted, upload again and give a reason ("again" in the execution, --again on the command line).',
  ),
  EXECUTION_TIMED_OUT: row(
    'final',
    'caller',
    'Aplos NCA ended the execution, because it took too long. Aplos does not charge for it.',
    'Make the analysis smaller, or upload again and give a reason ("again" in the execution, --again on the command line).',
  ),
  EXECUTION_GONE: row(
    'retry-briefly',
    'caller',
    'Aplos NCA no longer has an execution that the upload started, so how it ended is not known.',
    'Look in Aplos NCA who deleted it. If the analysis is still wanted, upload again: this starts it again, and is charged again.',
  ),
  COMPLETION_TIMED_OUT: row(
    'final',
    'service',
    'An execution did not end within the time limit of the request. It was not cancelled, and may still end.',
    'Ask Aplos why it takes so long, and quote the ID of the execution.',
    { afterFix: 'replay' },
  ),
  ALLOCATION_TOO_SMALL: row(
    'final',
    'caller',
    'The subscription has fewer executions left than a command would start. Nothing was started.',
    'Upload fewer files, or buy or free executions in Aplos NCA. To start as many as are left, add --yes.',
    { exitCode: 2 },
  ),
  EXECUTIONS_LIMITED: row(
    'retry',
    'service',
    'Aplos takes no more executions at present, because a limit is reached: of executions at a time, per hour, or per day. The start waits, and so do the other starts of the account. Nothing was charged.',
    'The start is retried automatically when it is its turn. It fails only after 30 days.',
  ),
  SECTION_UNSUPPORTED: row(
    'final',
    'caller',
    'The request has a section that the version of the Aplos API cannot take. Nothing was sent.',
    'Upload again without the section, or set APLOS_API_VERSION or APLOS_UPLOAD_START_BODY on the worker as the message says.',
    { afterFix: 'replay' },
  ),
  SUBSCRIPTION_RESTRICTED: row(
    'final',
    'settings',
    'Aplos restricts the subscription, for example because an invoice is unpaid.',
    'Have whoever manages the subscription at Aplos pay the open invoice or lift the restriction.',
  ),
  SUBSCRIPTION_EXPIRED: row(
    'final',
    'settings',
    'The subscription has expired. For 60 days, existing results can be downloaded, but nothing can be uploaded or started.',
    'Have whoever manages the subscription at Aplos renew it.',
  ),
  SUBSCRIPTION_DISABLED: row(
    'final',
    'settings',
    'Aplos has disabled the subscription.',
    'Contact Aplos to have the subscription enabled, or use another account.',
  ),
  ALLOCATION_EXHAUSTED: row(
    'final',
    'caller',
    'The subscription has no executions left.',
    'Buy or free allocations in Aplos NCA.',
    { afterFix: 'replay' },
  ),
  RESULTS_UNAVAILABLE: row(
    'retry-briefly',
    'service',
    'Aplos has no results of the execution: they are not ready yet, they were removed, or the execution ended without any.',
    'Read the status in the message, and look up the execution in Aplos NCA.',
  ),
  RESULTS_FORBIDDEN: row(
    'final',
    'settings',
    'The subscription does not allow results to be downloaded. They are kept at Aplos.',
    'Have whoever manages the subscription at Aplos pay the open invoice or lift the restriction.',
  ),
  RESULTS_DAMAGED: row(
    'retry-briefly',
    'service',
    'The package with the results is not an intact zip file, or its size or checksum is not the announced one. It was not stored.',
    'The step downloads the package again for a few minutes. If this persists, contact Aplos and quote the execution ID.',
  ),
  RESULTS_MISMATCHED: row(
    'final',
    'service',
    'The package with the results contains another file or configuration than the one that was sent. It was not stored.',
    'Contact Aplos and quote the execution ID. Do not use the results before the difference is explained.',
  ),
  RESULTS_UNSAFE: row(
    'final',
    'service',
    'The package with the results could do harm when it is unpacked: it contains a path that leads elsewhere, a link, two files of the same name, or far more data than results have. It was not stored.',
    'Contact Aplos and quote the execution ID. Do not unpack the package by other means.',
  ),
  RESULTS_NOT_ALLOWED: row(
    'final',
    'settings',
    'The worker may not write results to the requested location.',
    'Choose a location in one of the directories and buckets that the message names, or add its directory or bucket to APLOS_UPLOAD_RESULTS_ROOTS on the worker.',
  ),
  RESULTS_EXIST: row(
    'final',
    'caller',
    'The location of the results has something else already. Nothing was overwritten.',
    'Move what is there, or choose another location.',
    { afterFix: 'replay' },
  ),
  RESULTS_UNWRITABLE: row(
    'retry',
    'settings',
    'The worker cannot write the results, for example because the disk is full or the bucket refuses them. Nothing incomplete was stored.',
    'Check the free space, the permissions and the mount, or the bucket and the AWS credentials of the worker. The step is retried.',
  ),
  ANALYSIS_IN_PROGRESS: row(
    'retry',
    'service',
    'Another upload of the same file is starting its analyses, which may be the same ones. This upload waits for it.',
    'If this persists, check the upload named in the message.',
  ),
  START_NOT_SENT: row(
    'retry',
    'service',
    'A start was not sent, because the worker was suspended, or Temporal did not confirm in time that the attempt is still the current one.',
    'If this persists, check that the worker is not suspended, and its connection to Temporal.',
  ),
  START_UNSETTLED: row(
    'final',
    'service',
    'It is not known whether Aplos started an execution, and Aplos cannot tell. The start was not repeated, because every execution is charged.',
    'Look in Aplos NCA for an execution with the tracking id in the message. If there is none, start it there: the file is uploaded.',
    { mayHaveStarted: true, afterFix: 'check' },
  ),
  WEBHOOK_FORBIDDEN: row(
    'final',
    'settings',
    'A webhook was not sent, because the worker may not send it to that URL, or has no secret to sign it with. The upload itself is not affected.',
    'Check APLOS_UPLOAD_WEBHOOK_HOSTS and APLOS_UPLOAD_WEBHOOK_SECRET on the worker, and the URL. Then reset the workflow of the webhook in the Temporal UI to send it.',
  ),
  WEBHOOK_REFUSED: row(
    'final',
    'caller',
    'The receiver of a webhook redirects it, or wants no more webhooks (410). The upload itself is not affected.',
    'Use the final URL of the receiver in the next request.',
  ),
  WEBHOOK_UNDELIVERED: row(
    'retry',
    'service',
    'The receiver of a webhook does not respond, or responded with a status other than 2xx. The webhook is sent again for a day. The upload itself is not affected.',
    'Check the receiver. After a day, reset the workflow of the webhook in the Temporal UI to send it again.',
  ),
  BATCH_PENDING: row(
    'retry',
    'service',
    'Uploads of a batch are still running, or ended only moments ago. This is no error: the webhook of the batch waits for the last of them.',
    'The batch is checked again at growing intervals.',
    { isProgress: true },
  ),
  STEP_TIMED_OUT: row(
    'final',
    'settings',
    'A step did not finish within its time limit.',
    'Check that a worker is running, and read its log.',
    { mayHaveStarted: true },
  ),
  INTERNAL: row(
    'retry',
    'program',
    'An error occurred that this program did not anticipate.',
    'Report it with the stack trace from the log.',
    { mayHaveStarted: true },
  ),
} as const satisfies Record<string, ErrorRow>;

/** An error code: the `type` of a failure in the Temporal UI, and `code` in JSON. */
export type ErrorCode = keyof typeof errorTable;

/** Reports whether a value is a code of the error table. */
export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(errorTable, value);

/** Reports whether a replay of an upload that failed with this code can succeed once somebody has fixed the cause. */
export const isReplayable = (code: ErrorCode): boolean =>
  ['replay', 'replay-from-presign', 'replay-from-start'].includes(errorTable[code].afterFix);

const REPLAY_HINT = ' Then replay the upload.';

/** Returns the message of a failed upload: that of its error, and what to do with the upload once the cause is fixed. */
export const withReplayHint = (code: ErrorCode, message: string): string =>
  isReplayable(code) ? message + REPLAY_HINT : message;

/** Adds the command to run to the message of a failed upload. */
export const withNextCommand = (message: string, command: string): string =>
  message.endsWith(REPLAY_HINT) ? `${message.slice(0, -1)}: ${command}` : `${message} Run: ${command}`;

/** What {@link withReplayHint} and {@link withNextCommand} add. The command names a workflow ID, which has no line break. */
const HINTS = [/ Then replay the upload\.$/, / (?:Then replay the upload|Run): aplos-upload [a-z]+ .*$/];

/** Returns the message without what {@link withReplayHint} and {@link withNextCommand} add. */
export const withoutReplayHint = (message: string): string =>
  HINTS.reduce((text, hint) => text.replace(hint, ''), message);
