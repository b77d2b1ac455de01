import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FaultAction } from '../../sandbox/sandbox.js';
import { type ErrorCode, errorTable, type UploadError } from '../../src/contract/errors.js';
import { NO_BUCKET } from '../support/bucket.js';
import { account, apiResponding, idToken } from '../support/fake-aplos.js';

const s3 = NO_BUCKET;

describe('AplosApi', () => {
  it.each<[blow: FaultAction, code: ErrorCode, message: string]>([
    [{ status: 400 }, 'API_REFUSED', 'status 400, Bad Request'],
    [{ status: 401 }, 'API_TOKEN_REFUSED', 'status 401, Unauthorized'],
    [{ status: 403 }, 'API_FORBIDDEN', 'status 403, Forbidden'],
    [{ status: 404 }, 'API_NOT_FOUND', 'status 404, Not Found'],
    [{ status: 408 }, 'API_UNAVAILABLE', 'status 408, Request Timeout'],
    [{ status: 413 }, 'API_TOO_LARGE', 'status 413, Payload Too Large'],
    [{ status: 429 }, 'API_THROTTLED', 'status 429, Too Many Requests'],
    [{ status: 500 }, 'API_UNAVAILABLE', 'status 500, Internal Server Error'],
    [{ status: 502, body: '<html>' }, 'API_UNAVAILABLE', 'status 502.'],
    [{ status: 504 }, 'API_UNAVAILABLE', 'status 504, Endpoint request timed out'],
    [{ response: 'html' }, 'API_ANSWER_BROKEN', 'HTML instead of JSON'],
    [{ response: 'truncated' }, 'API_ANSWER_BROKEN', 'truncated JSON'],
    [{ status: 200, body: 'OK' }, 'API_ANSWER_BROKEN', 'text that is not JSON'],
    [{ response: 'other-shape' }, 'API_ANSWER_UNEXPECTED', 'of an unknown shape (presigned: '],
    [{ cut: 'before' }, 'API_UNREACHABLE', 'did not respond (UND_ERR_SOCKET)'],
    [{ cut: 'after' }, 'API_UNREACHABLE', 'did not respond (UND_ERR_SOCKET)'],
  ])('given %j, throws %s', async (blow, code, message) => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'presign', times: 'always', ...blow });
    const error: UploadError = await api.presignUpload('pk.csv').catch((caught) => caught);
    expect(error).toMatchObject({ code, retryable: errorTable[code].remedy === 'retry' });
    expect(error.message).toContain('Cannot presign pk.csv: ');
    expect(error.message).toContain(message);
  });

  it('throws a retryable error if the host is down', async () => {
    const { sandbox, api } = await account({ s3 });
    await api.listExecutions();
    await sandbox.stop();
    await expect(api.listExecutions()).rejects.toMatchObject({ code: 'API_UNREACHABLE', retryable: true });
  });

  it.each([
    [429, 'API_THROTTLED'],
    [503, 'API_UNAVAILABLE'],
  ])('given status %i, throws an error with the delay of Retry-After', async (status, code) => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'presign', status, headers: { 'Retry-After': '11' } });
    await expect(api.presignUpload('pk.csv')).rejects.toMatchObject({ code, retryAfterMs: 11_000 });
  });

  it('does not retry a failed start, because Temporal does', async () => {
    const { sandbox, api } = await account({ s3 });
    sandbox.faults.add({ route: 'start', status: 503, times: 'always' });
    const start = {
      file: { bucket: 'b', key: 'k' },
      execution: { configuration: {} },
      label: 'day 1',
      work: { trackingId: 't' },
    };
    await expect(api.startExecution(start)).rejects.toMatchObject({ code: 'API_UNAVAILABLE' });
    expect(sandbox.calls.filter(({ route }) => route === 'start')).toHaveLength(1);
  });
});

describe('the error of an unsuccessful call', () => {
  it.each([
    [
      { errors: [{ message: 'No header row' }, { message: 'No column' }], log_id: 'l1' },
      'No header row; No column, log ID l1',
    ],
    [{ error: { message: 'Not so', code: 'VALIDATION_ERROR' } }, 'VALIDATION_ERROR, Not so'],
    [{ message: 'Missing Authentication Token' }, 'Missing Authentication Token'],
    [{ Message: 'explicit deny' }, 'explicit deny'],
    [{ errors: [], message: 'nothing to add' }, 'nothing to add'],
    [{ errors: ['No header row'], message: 'It is not valid' }, 'No header row'],
    [{ errors: 7, message: 'It is not valid' }, 'It is not valid'],
    [{ message: 'two\n  lines' }, 'two lines'],
  ])('contains the message in %j', async (body, message) => {
    const { api } = await apiResponding({ status: 400, body });
    await expect(api.listExecutions()).rejects.toMatchObject({
      happened: `Cannot list the executions: the Aplos API returned status 400, ${message}`,
    });
  });

  it.each([['<html>Bad request</html>'], ['[]'], ['null'], [{ code: 7 }]])(
    'contains only the status if the response is %j',
    async (body) => {
      const { api } = await apiResponding({ status: 400, body });
      await expect(api.listExecutions()).rejects.toMatchObject({
        happened: 'Cannot list the executions: the Aplos API returned status 400',
      });
    },
  );

  it('shortens a long message', async () => {
    const { api } = await apiResponding({ status: 400, body: { message: 'no '.repeat(1000) } });
    const error: UploadError = await api.listExecutions().catch((caught) => caught);
    expect(error.happened).toMatch(/no …$/);
    expect(error.happened.length).toBeLessThan(400);
  });

  it.each([
    ['unchanged', (token: string) => `'Bearer ${token}' not a valid key=value pair in Authorization header`],
    ['without its end', (token: string) => `token ${token.slice(0, -9)}`],
    ['in a long text', (token: string) => `${'so '.repeat(95)} Authorization=Bearer ${token}`],
    ['encoded', (token: string) => `Bearer%20${token}`],
  ])('does not contain a token that API Gateway echoes %s', async (_how, echo) => {
    const { api } = await apiResponding({ status: 400, body: { message: echo(idToken()) } });
    const error: UploadError = await api.listExecutions().catch((caught) => caught);
    const [, claims = ''] = idToken().split('.');
    expect(error.message).toContain('status 400');
    expect(error.message).not.toContain(claims.slice(0, 12));
  });

  it('does not contain a token that is not a JWT', async () => {
    const token = randomBytes(120).toString('base64');
    const { api } = await apiResponding({
      status: 400,
      body: { message: `The token ${token} is not valid` },
    });
    await expect(api.listExecutions()).rejects.toThrow('status 400, The token […] is not valid');
  });
});
