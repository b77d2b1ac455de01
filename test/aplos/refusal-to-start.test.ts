import { describe, expect, it } from 'vitest';
import { apiResponding } from '../support/fake-aplos.js';

const start = {
  file: { fileId: 'f1', bucket: 'b', key: 'k' },
  execution: { configuration: { a: 1 } },
  label: 'day 1',
  work: { trackingId: 't' },
};
const text = (errorCode: string, error: string) => ({ success: false, errorCode, error });
const object = (code: string, message: string) => ({ success: false, error: { code, message } });
const v1 = (message: string) => ({ errors: [{ status_code: 429, message }] });
const rejected = (message: string) => ({ executionId: 'e1', status: 'rejected', message });

describe.each(['v1', 'v3'] as const)('AplosApi, version %s', (apiVersion) => {
  it.each<[status: number, body: object]>([
    [429, {}],
    [429, { message: 'Too Many Requests' }],
    [429, v1('5 executions are running or queued')],
    [429, text('RATE_LIMIT_EXCEEDED', 'slow')],
    [429, object('CONCURRENCY_LIMIT', 'five at a time')],
    [200, { ...text('RATE_LIMIT_EXCEEDED', 'slow'), statusCode: 429 }],
    [400, v1('Concurrent execution limit reached')],
    [403, text('FORBIDDEN', 'Too many executions are running')],
    [403, { message: 'Hourly limit reached' }],
    [409, object('CONFLICT', 'The limit of 5 concurrent executions is reached')],
  ])('throws EXECUTIONS_LIMITED for a start that is refused with %i %j', async (status, body) => {
    const { api } = await apiResponding({ status, body }, { apiVersion });
    await expect(api.startExecution(start)).rejects.toMatchObject({
      code: 'EXECUTIONS_LIMITED',
      retryable: true,
      mayHaveStarted: false,
      happened: expect.not.stringContaining('f1'),
    });
  });

  it.each<[status: number, body: object, code: string]>([
    [429, text('QUOTA_EXCEEDED', 'none left'), 'ALLOCATION_EXHAUSTED'],
    [402, {}, 'ALLOCATION_EXHAUSTED'],
    [400, v1('The lower limit of quantification is missing'), 'EXECUTION_REFUSED'],
    [400, text('VALIDATION_ERROR', 'executions: the limit is one'), 'EXECUTION_REFUSED'],
    [403, { message: 'explicit deny' }, 'API_FORBIDDEN'],
    [503, { message: 'Too many executions' }, 'API_UNAVAILABLE'],
  ])('throws no EXECUTIONS_LIMITED for %i %j', async (status, body, code) => {
    const { api } = await apiResponding({ status, body }, { apiVersion });
    await expect(api.startExecution(start)).rejects.toMatchObject({ code });
  });

  it.each([
    [{ headers: { 'retry-after': '30' }, body: {} }, 30_000],
    [{ body: { ...text('RATE_LIMIT_EXCEEDED', 'slow'), delaySeconds: 45 } }, 45_000],
    [{ body: { success: false, error: { code: 'X', message: 'm', retryAfter: '20' } } }, 20_000],
    [{ body: { ...text('RATE_LIMIT_EXCEEDED', 'slow'), delaySeconds: 'soon' } }, undefined],
  ])('reports the delay in %j', async (response, retryAfterMs) => {
    const { api } = await apiResponding({ status: 429, ...response }, { apiVersion });
    await expect(api.startExecution(start)).rejects.toMatchObject({ retryAfterMs });
  });
});

describe('AplosApi, version 3', () => {
  it.each([
    [rejected('Daily limit of 500 executions reached'), 'EXECUTIONS_LIMITED'],
    [{ ...rejected('no'), errorCode: 'RATE_LIMIT_EXCEEDED' }, 'EXECUTIONS_LIMITED'],
    [{ ...rejected('no'), errorCode: 'QUOTA_EXCEEDED' }, 'ALLOCATION_EXHAUSTED'],
    [rejected('The configuration is not valid'), 'EXECUTION_REJECTED'],
  ])('given %j, throws %s', async (data, code) => {
    const { api } = await apiResponding({ body: { success: true, data } }, { apiVersion: 'v3' });
    await expect(api.startExecution(start)).rejects.toMatchObject({ code });
  });
});
