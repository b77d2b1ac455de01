import { status as grpcStatus, Metadata } from '@grpc/grpc-js';
import { ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, NamespaceNotFoundError } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UploadError } from '../../src/contract/errors.js';
import { isOutage, temporalError } from '../../src/temporal/errors.js';

const server = { address: 'temporal.acme.com:7233', namespace: 'study' };
const grpcError = (code: grpcStatus, details: string) =>
  Object.assign(new Error(`${code} ${grpcStatus[code]}: ${details}`), {
    code,
    details,
    metadata: new Metadata(),
  });
/** Wraps an error as the SDK does, any number of times. */
const wrapped = (error: Error, times: number): Error =>
  times === 0 ? error : new ServiceError('Failed to start Workflow', { cause: wrapped(error, times - 1) });

describe('temporalError', () => {
  it('quotes a namespace in the command that creates it', () => {
    const { message } = temporalError(new NamespaceNotFoundError('x'), { ...server, namespace: '$(id)' });
    expect(message).toContain("--namespace '$(id)'; then");
  });

  it.each<[string, Error, string, RegExp]>([
    [
      'an unavailable server',
      grpcError(
        grpcStatus.UNAVAILABLE,
        'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
      ),
      'TEMPORAL_UNREACHABLE',
      /^Cannot reach Temporal at temporal\.acme\.com:7233, namespace "study" \(connect ECONNREFUSED 127\.0\.0\.1:1\)/,
    ],
    [
      'a server that hangs',
      grpcError(grpcStatus.DEADLINE_EXCEEDED, 'Deadline exceeded after 15.001s,remote_addr=127.0.0.1:7233'),
      'TEMPORAL_UNREACHABLE',
      /\(no response in time\)/,
    ],
    [
      'a server of HTTP/1',
      grpcError(
        grpcStatus.UNAVAILABLE,
        'No connection established. Last error: Protocol error (2026-01-31T18:21:34.592Z). Resolution note: ',
      ),
      'TEMPORAL_UNREACHABLE',
      /\(what listens there does not speak gRPC, or requires TLS\)/,
    ],
    [
      'a proxy that does not connect',
      grpcError(
        grpcStatus.UNAVAILABLE,
        'No connection established. Last error: undefined. Resolution note: ',
      ),
      'TEMPORAL_UNREACHABLE',
      /\(the proxy did not connect; check HTTPS_PROXY and NO_PROXY\)/,
    ],
    [
      'a server without TLS',
      grpcError(
        grpcStatus.UNAVAILABLE,
        'No connection established. Last error: Error: 807C:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/openssl/ssl/record/ssl3_record.c:350:\n. Resolution note: ',
      ),
      'TEMPORAL_UNREACHABLE',
      /\(what listens there does not use TLS\)/,
    ],
    [
      'a closed channel',
      new Error('Channel has been shut down'),
      'TEMPORAL_UNREACHABLE',
      /\(this program has closed the client\)/,
    ],
    [
      'a failed connection',
      new Error('Failed to connect before the deadline'),
      'TEMPORAL_UNREACHABLE',
      /Failed to connect before the deadline/,
    ],
    [
      'an overloaded server',
      grpcError(grpcStatus.RESOURCE_EXHAUSTED, 'namespace rate limit exceeded'),
      'TEMPORAL_UNAVAILABLE',
      /namespace rate limit exceeded/,
    ],
    ['an internal error', grpcError(grpcStatus.INTERNAL, 'shard'), 'TEMPORAL_UNAVAILABLE', /shard/],
    [
      'missing permission',
      grpcError(grpcStatus.PERMISSION_DENIED, 'Request unauthorized.'),
      'TEMPORAL_ACCESS_DENIED',
      /denies access to the namespace "study" \(Request unauthorized\.\)\. Check TEMPORAL_API_KEY/,
    ],
    [
      'an expired token',
      grpcError(grpcStatus.UNAUTHENTICATED, 'expired'),
      'TEMPORAL_ACCESS_DENIED',
      /expired/,
    ],
    [
      'an unknown namespace, by the SDK’s class',
      new NamespaceNotFoundError('study'),
      'NAMESPACE_UNKNOWN',
      /does not have the namespace "study"\. .*temporal operator namespace create --namespace study; then: aplos-upload setup/,
    ],
    [
      'an unknown namespace, by the status',
      grpcError(grpcStatus.NOT_FOUND, 'Namespace study is not found.'),
      'NAMESPACE_UNKNOWN',
      /does not have the namespace "study"/,
    ],
    [
      'an unknown workflow',
      new WorkflowNotFoundError('workflow not found for ID: x', 'default:pk.csv:1', undefined),
      'UPLOAD_UNKNOWN',
      /^default:pk\.csv:1: Temporal has no upload with this ID/,
    ],
    [
      'a start with a missing search attribute',
      grpcError(
        grpcStatus.INVALID_ARGUMENT,
        'Namespace default has no mapping defined for search attribute AplosFileName',
      ),
      'SEARCH_ATTRIBUTES_MISSING',
      /AplosFileName\)\. Run: aplos-upload setup/,
    ],
    [
      'a query with a missing search attribute',
      grpcError(grpcStatus.INVALID_ARGUMENT, 'invalid query: invalid search attribute: AplosFileName'),
      'SEARCH_ATTRIBUTES_MISSING',
      /Run: aplos-upload setup/,
    ],
    [
      'a search attribute of another type',
      grpcError(
        grpcStatus.INVALID_ARGUMENT,
        'invalid value for search attribute AplosBatch of type Text: [b c]',
      ),
      'SEARCH_ATTRIBUTES_MISMATCHED',
      /AplosBatch of type Text.*Run|AplosBatch of type Text.*run: aplos-upload doctor/,
    ],
    [
      'a query that no worker takes',
      grpcError(grpcStatus.DEADLINE_EXCEEDED, 'query timed out before a worker could process it'),
      'WORKER_MISSING',
      /No worker responded/,
    ],
    [
      'a request that exceeds a limit',
      grpcError(grpcStatus.INVALID_ARGUMENT, 'Blob data size exceeds limit.'),
      'TEMPORAL_REFUSED',
      /Blob data size exceeds limit/,
    ],
    [
      'a missing key',
      ApplicationFailure.retryable('A payload is encrypted with the key "k2"', 'PAYLOAD_UNREADABLE'),
      'PAYLOAD_UNREADABLE',
      /the key "k2"/,
    ],
    ['an error of this library', new UploadError('FILE_EMPTY', 'It is empty'), 'FILE_EMPTY', /^It is empty/],
    ['anything else', new TypeError('x is not a function'), 'INTERNAL', /^x is not a function/],
  ])('recognizes %s, however deep the SDK has wrapped it', (_what, error, code, message) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), (times) => {
        const translated = temporalError(wrapped(error, code === 'INTERNAL' ? 0 : times), server);
        expect(translated).toBeInstanceOf(UploadError);
        expect(translated.code).toBe(code);
        expect(translated.message).toMatch(message);
      }),
      { numRuns: 7 },
    );
  });

  it('gives every gRPC status a code of the table', () => {
    for (const code of Object.values(grpcStatus))
      if (typeof code === 'number' && code !== grpcStatus.OK)
        expect(temporalError(grpcError(code, 'x'), server).code).toMatch(/^TEMPORAL_/);
  });

  it('takes the reason and the status from an error of the SDK’s core', () => {
    const connect = (message: string) => temporalError(new Error(message), server, 'TEMPORAL_UNREACHABLE');
    expect(
      connect('Tonic(Status { code: Unavailable, message: "tcp connect error", details: [] })'),
    ).toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      happened: 'Cannot reach Temporal at temporal.acme.com:7233, namespace "study" (tcp connect error)',
    });
    expect(connect('Status { code: PermissionDenied, message: "Request unauthorized." }').code).toBe(
      'TEMPORAL_ACCESS_DENIED',
    );
  });

  it('ends on a cause that is its own cause', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(temporalError(error, server).code).toBe('INTERNAL');
  });
});

describe('isOutage', () => {
  it.each([
    ['TEMPORAL_UNREACHABLE', true],
    ['TEMPORAL_UNAVAILABLE', true],
    ['TEMPORAL_ACCESS_DENIED', false],
    ['NAMESPACE_UNKNOWN', false],
    ['SEARCH_ATTRIBUTES_MISSING', false],
    ['API_UNREACHABLE', false],
    ['FILE_INVALID', false],
  ] as const)('returns for %s: %s', (code, expected) => {
    expect(isOutage(new UploadError(code, 'x'))).toBe(expected);
  });
});
