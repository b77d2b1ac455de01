import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { type ErrorCode, errorTable, UploadError } from '../contract/errors.js';
import { shellWord } from '../util/shell-word.js';
import { shortenText } from '../util/shorten-text.js';
import { isUnreadable, UNREADABLE } from './unreadable.js';

/** Address and namespace of Temporal, for messages. */
export interface TemporalServer {
  /** Host and port. */
  readonly address: string;
  readonly namespace: string;
}

/**
 * Converts the error of any call to Temporal. The SDK wraps the error that says what happened in others, so this searches
 * the chain of causes. An `UploadError` in the chain is returned unchanged.
 *
 * @param otherwise code of an error that Temporal's SDK does not define. Default: `INTERNAL`
 */
export function temporalError(
  error: unknown,
  server: TemporalServer,
  otherwise: 'INTERNAL' | 'TEMPORAL_UNREACHABLE' = 'INTERNAL',
): UploadError {
  const chain = causesOf(error);
  const known = chain.find((each) => each instanceof UploadError);
  if (known) return known;
  const unreadable = chain.find(isUnreadable);
  if (unreadable) {
    const happened = unreadable.message.replace(`. ${errorTable[UNREADABLE].action}`, '');
    return new UploadError(UNREADABLE, happened, { cause: error });
  }
  if (chain.some((each) => each instanceof NamespaceNotFoundError)) return namespaceUnknown(server, error);
  const missing = chain.find((each) => each instanceof WorkflowNotFoundError);
  if (missing) return uploadUnknown(missing.workflowId, error);
  const grpc = chain.find(isGrpcServiceError);
  if (grpc) return fromGrpc(grpc, server, error);
  const connectionError = chain.find((each) => CONNECTION_ERROR.test(String(each)));
  if (!connectionError && otherwise === 'INTERNAL')
    return new UploadError('INTERNAL', shortenText(messageOf(error)), { cause: error });
  const reason = /channel has been shut down/i.test(String(connectionError))
    ? 'this program has closed the client'
    : reasonOf(connectionError ?? error);
  return DENIED.test(messageOf(error))
    ? accessDenied(server, reason, error)
    : unreachable(server, reason, error);
}

/** Reports whether a call fails only because Temporal is unreachable or overloaded, so that it succeeds later. */
export const isOutage = ({ code, retryable }: UploadError): boolean =>
  retryable && errorTable[code].outageOf === 'temporal';

/** Returns the gRPC status of the error of a call, or `undefined` if it has none. */
export const grpcStatusOf = (error: unknown): grpcStatus | undefined =>
  causesOf(error).find(isGrpcServiceError)?.code;

/** Errors of a channel and of the SDK's core, which have no status. */
const CONNECTION_ERROR =
  /TransportError|IllegalStateError|channel has been shut down|failed to connect before the deadline/i;
/** Text that gRPC adds to the reason why it cannot connect. */
const CHANNEL_WORDS =
  /^No connection established\. Last error: (Error: )?|( \(\d{4}-[^)]*Z\))?\.?\s*Resolution note:\s*$/g;
/** Errors of a channel that do not say what is wrong. */
const CHANNEL_ERRORS: readonly (readonly [RegExp, string])[] = [
  [/^Protocol error$/, 'what listens there does not speak gRPC, or requires TLS'],
  // The proxy of gRPC rejects without a reason.
  [/^undefined$/, 'the proxy did not connect; check HTTPS_PROXY and NO_PROXY'],
  [/wrong version number|packet length too long/i, 'what listens there does not use TLS'],
];
/** The status in an error of the SDK's core. */
const DENIED = /code: (PermissionDenied|Unauthenticated)/;
const MISSING_ATTRIBUTE = /search attribute/i;
const MISMATCHED_ATTRIBUTE = /invalid value|unable to (de|en)code|type mismatch|not supported for|of type/i;
const NOT_OFFERED: readonly (grpcStatus | undefined)[] = [
  grpcStatus.UNIMPLEMENTED,
  grpcStatus.PERMISSION_DENIED,
  grpcStatus.UNAUTHENTICATED,
];
const NO_WORKER = /no poller|worker may be down|before a worker could process/i;

const MAX_CAUSES = 10;

function causesOf(error: unknown): unknown[] {
  const chain = [];
  for (let each = error; each !== undefined && chain.length < MAX_CAUSES; )
    each = chain.push(each) && each instanceof Error ? each.cause : undefined;
  return chain;
}

function fromGrpc({ code, details }: ServiceError, server: TemporalServer, cause: unknown): UploadError {
  const reason = channelReason(details);
  const { address, namespace } = server;
  const failure = (failed: ErrorCode, what: string) =>
    new UploadError(
      failed,
      `Temporal at ${address}, namespace "${namespace}", ${what} (${reason || grpcStatus[code]})`,
      { cause },
    );
  switch (code) {
    case grpcStatus.UNAVAILABLE:
    case grpcStatus.CANCELLED:
      return unreachable(server, reason, cause);
    case grpcStatus.DEADLINE_EXCEEDED:
      return NO_WORKER.test(details)
        ? workerMissing(cause)
        : unreachable(server, /^deadline exceeded/i.test(details) ? 'no response in time' : reason, cause);
    case grpcStatus.PERMISSION_DENIED:
    case grpcStatus.UNAUTHENTICATED:
      return accessDenied(server, reason, cause);
    case grpcStatus.NOT_FOUND:
      return /namespace/i.test(details)
        ? namespaceUnknown(server, cause)
        : failure('TEMPORAL_REFUSED', 'refused a call');
    case grpcStatus.INVALID_ARGUMENT:
      return MISSING_ATTRIBUTE.test(details)
        ? attributesRefused(server, reason, cause)
        : failure('TEMPORAL_REFUSED', 'refused a call');
    case grpcStatus.FAILED_PRECONDITION:
      return NO_WORKER.test(details) ? workerMissing(cause) : failure('TEMPORAL_REFUSED', 'refused a call');
    case grpcStatus.UNIMPLEMENTED:
    case grpcStatus.OUT_OF_RANGE:
    case grpcStatus.ALREADY_EXISTS:
      return failure('TEMPORAL_REFUSED', 'refused a call');
    default:
      return failure('TEMPORAL_UNAVAILABLE', 'failed to process a call');
  }
}

/** Returns the reason in an error of a channel, without the words around it. */
function channelReason(details: string): string {
  const reason = shortenText(details.replace(CHANNEL_WORDS, ''));
  const [, meaning] = CHANNEL_ERRORS.find(([pattern]) => pattern.test(reason)) ?? [];
  return meaning ?? reason;
}

const unreachable = ({ address, namespace }: TemporalServer, reason: string, cause: unknown) =>
  new UploadError(
    'TEMPORAL_UNREACHABLE',
    `Cannot reach Temporal at ${address}, namespace "${namespace}" (${reason})`,
    { cause },
  );

const accessDenied = ({ address, namespace }: TemporalServer, reason: string, cause: unknown) =>
  new UploadError(
    'TEMPORAL_ACCESS_DENIED',
    `Temporal at ${address} denies access to the namespace "${namespace}" (${reason})`,
    { cause },
  );

const namespaceUnknown = ({ address, namespace }: TemporalServer, cause: unknown) =>
  new UploadError('NAMESPACE_UNKNOWN', `Temporal at ${address} does not have the namespace "${namespace}"`, {
    cause,
    action: `Check TEMPORAL_NAMESPACE and TEMPORAL_ADDRESS. To create the namespace, run: temporal operator namespace create --namespace ${shellWord(namespace)}; then: aplos-upload setup`,
  });

const workerMissing = (cause: unknown) =>
  new UploadError('WORKER_MISSING', 'No worker responded to the query', { cause });

/** Reports whether a call failed because Temporal does not have the run that it names. */
export const isUnknownRun = (error: unknown): boolean =>
  causesOf(error).some(
    (each) =>
      each instanceof WorkflowNotFoundError ||
      (isGrpcServiceError(each) && each.code === grpcStatus.NOT_FOUND && !/namespace/i.test(each.details)),
  );

/** Reports whether a call failed because Temporal does not support it, or does not allow it. */
export const isNotOffered = (error: unknown): boolean => NOT_OFFERED.includes(grpcStatusOf(error));

/** Returns the error for an upload that Temporal does not have. */
export const uploadUnknown = (workflowId: string, cause: unknown) =>
  new UploadError(
    'UPLOAD_UNKNOWN',
    `${workflowId}: Temporal has no upload with this ID, or no longer has its history`,
    { cause },
  );

function attributesRefused({ namespace }: TemporalServer, reason: string, cause: unknown): UploadError {
  if (MISMATCHED_ATTRIBUTE.test(reason))
    return new UploadError(
      'SEARCH_ATTRIBUTES_MISMATCHED',
      `The namespace "${namespace}" has search attributes of another type (${reason})`,
      { cause, action: 'To see which, run: aplos-upload doctor.' },
    );
  return new UploadError(
    'SEARCH_ATTRIBUTES_MISSING',
    `The namespace "${namespace}" lacks search attributes (${reason})`,
    { cause, action: 'Run: aplos-upload setup' },
  );
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Returns the gRPC message, which the SDK's core wraps in the names of its own layers. */
const reasonOf = (error: unknown) =>
  shortenText(/message: "([^"]+)"/.exec(messageOf(error))?.[1] ?? messageOf(error));
