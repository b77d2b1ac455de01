import { describe, expect, it } from 'vitest';
import type { StartRequest } from '../../../src/aplos/api.js';
import { apiResponding } from '../../support/fake-aplos.js';

const PATH = '/v3/tenants/tenant%201/users/user%2F1';
const v3 = { apiVersion: 'v3' } as const;
const fields = { key: 'k', xAmzDate: 'd', policy: 'p' };
const post = { fileId: 'f1', url: 'https://bucket.s3.amazonaws.com/', fields, expiresIn: 300, key: 'k' };
const envelope = (data: object, more: object = {}) => ({
  success: true,
  statusCode: 200,
  timestamp: 't',
  data,
  ...more,
});

describe('presignUpload', () => {
  it.each<[what: string, status: number, body: object]>([
    ['an envelope', 200, envelope(post)],
    ['201', 201, envelope(post)],
    ['no envelope', 200, post],
    [
      'keys in snake_case',
      200,
      envelope({ file_id: 'f1', url: post.url, fields, expires_in: '300', key: 'k' }),
    ],
    [
      'the shape of version 1',
      200,
      envelope({
        file: { id: 'f1' },
        s3: { bucket_name: 'bucket.s3.amazonaws.com', object_key: 'k' },
        presigned: { url: post.url, fields, expires_in: 300 },
      }),
    ],
    ['the shape of version 1 in camelCase', 200, envelope({ file: { id: 'f1' }, presigned: { ...post } })],
  ])('accepts a response with %s', async (_what, status, body) => {
    const { api, calls } = await apiResponding({ status, body }, v3);
    const { file, presigned } = await api.presignUpload('pk.csv');
    expect(file).toEqual({ fileId: 'f1', bucket: 'bucket.s3.amazonaws.com', key: 'k' });
    expect(presigned.fields).toEqual({ key: 'k', 'x-amz-date': 'd', policy: 'p' });
    expect(Date.parse(presigned.expiresAt) - Date.parse(presigned.requestedAt ?? '')).toBe(300_000);
    expect(calls).toMatchObject([
      {
        what: `POST ${PATH}/files`,
        body: { file_name: 'pk.csv', method_type: 'post', category: 'nca_input' },
      },
    ]);
  });
});

describe('errors', () => {
  it.each<[status: number, body: unknown, code: string]>([
    [
      400,
      { success: false, error: { message: 'bad', code: 'VALIDATION_ERROR', details: { f: 1 } } },
      'API_REFUSED',
    ],
    [404, { success: false, error: { message: 'gone', code: 'NOT_FOUND' } }, 'API_NOT_FOUND'],
    [400, { success: false, error: 'gone', errorCode: 'NOT_FOUND' }, 'API_NOT_FOUND'],
    [429, { success: false, error: 'slow', errorCode: 'RATE_LIMIT_EXCEEDED' }, 'API_THROTTLED'],
    [429, { success: false, error: 'none left', errorCode: 'QUOTA_EXCEEDED' }, 'ALLOCATION_EXHAUSTED'],
    [410, { success: false, error: 'deleted', errorCode: 'RESOURCE_DELETED' }, 'API_DELETED'],
    [401, { success: false, error: { message: 'token', code: 'UNAUTHORIZED' } }, 'API_TOKEN_REFUSED'],
    [500, { success: false, error: { message: 'oops', code: 'INTERNAL_ERROR' } }, 'API_UNAVAILABLE'],
    [502, { success: false, error: 'The subscription service is inactive' }, 'API_UNAVAILABLE'],
    [200, { success: false, statusCode: 500, error: { message: 'oops', code: 'X' } }, 'API_UNAVAILABLE'],
    [200, { success: false, error: 'bad' }, 'API_REFUSED'],
    [
      403,
      { success: false, error: { message: 'Your subscription is restricted', code: 'S' } },
      'SUBSCRIPTION_RESTRICTED',
    ],
    [
      403,
      { success: false, error: 'no', errorCode: 'X', subscriptionError: 'subscription expired' },
      'SUBSCRIPTION_EXPIRED',
    ],
    [403, { success: false, error: 'no', errorCode: 'SUBSCRIPTION_DISABLED' }, 'SUBSCRIPTION_DISABLED'],
    [
      403,
      {
        success: false,
        error: 'no',
        errorCode: 'SUBSCRIPTION_ERROR',
        subscriptionError: { status: 'expired' },
      },
      'SUBSCRIPTION_EXPIRED',
    ],
    [403, { message: 'Missing Authentication Token' }, 'API_FORBIDDEN'],
  ])('translates %i with %j to %s', async (status, body, code) => {
    const { api } = await apiResponding({ status, body }, v3);
    await expect(api.presignUpload('pk.csv')).rejects.toMatchObject({ code });
  });

  it('shows the reason and the code of Aplos', async () => {
    const body = {
      success: false,
      error: { message: 'no header', code: 'VALIDATION_ERROR', details: { line: 1 } },
    };
    const { api } = await apiResponding({ status: 400, body }, v3);
    await expect(api.presignUpload('pk.csv')).rejects.toThrow(
      'status 400, VALIDATION_ERROR, no header; {"line":1}',
    );
  });
});

describe('fileState', () => {
  it.each([
    [
      { state: 'ready', size: 5, checksum: 'abc' },
      { state: 'ready', readiness: 'ready', sizeBytes: 5, checksum: 'abc' },
    ],
    [
      { state: 'READY', size: '5' },
      { state: 'READY', readiness: 'ready', sizeBytes: 5 },
    ],
    [
      { state: 'converting', size: null, checksum: null },
      { state: 'converting', readiness: 'pending' },
    ],
    [{ state: 'signed_url_created' }, { state: 'signed_url_created', readiness: 'unnoticed' }],
    [{ state: 'signedUrlCreated' }, { state: 'signedUrlCreated', readiness: 'unnoticed' }],
    [{ state: 'Uploading' }, { state: 'Uploading', readiness: 'unnoticed' }],
    [
      { state: 'Validating', size: 0 },
      { state: 'Validating', readiness: 'pending' },
    ],
    [
      { state: 'ready', size: 0 },
      { state: 'ready', readiness: 'ready' },
    ],
    [
      { state: 'ready', size: -1 },
      { state: 'ready', readiness: 'ready' },
    ],
    [
      { state: 'failed', errors: ['no header'] },
      { state: 'failed', readiness: 'invalid', errors: ['no header'] },
    ],
    [
      { state: 'failed', error: 'no header' },
      { state: 'failed', readiness: 'invalid', errors: ['no header'] },
    ],
    [
      { workable_state: 'invalid', errors: [] },
      { state: 'invalid', readiness: 'invalid' },
    ],
    [{ state: 'new word' }, { state: 'new word', readiness: 'usable' }],
    [{ status: 'active' }, { state: 'active', readiness: 'usable' }],
    [{}, { state: 'unknown', readiness: 'usable' }],
  ])('parses %j', async (data, state) => {
    const { api } = await apiResponding({ body: envelope({ id: 'f', ...data }) }, v3);
    expect(await api.fileState('f')).toEqual({ errors: [], ...state });
  });

  it('throws API_DELETED for a deleted file', async () => {
    const { api } = await apiResponding({ body: envelope({ state: 'ready', status: 'deleted' }) }, v3);
    await expect(api.fileState('f')).rejects.toMatchObject({ code: 'API_DELETED' });
  });
});

const trackingId = '0123456789abcdef0123456789abcdef';
const start: StartRequest = {
  file: { fileId: 'f1', bucket: 'b', key: 'k' },
  label: 'day 1',
  execution: { configuration: { kel_rules: { a: 1 }, uniqueId: 'x' } },
  work: { trackingId },
};
const name = `day 1 · aplos-upload ${trackingId}`;
const metadata = { aplos_upload: { tracking_id: trackingId } };
const accepted = { body: envelope({ executionId: 'e1', status: 'queued' }) };

describe('startExecution', () => {
  it('sends the sections unchanged in the body of version 3', async () => {
    const { api, calls } = await apiResponding(accepted, v3);
    const sections = {
      dataCleaning: { Drop_rows: [1] },
      customCalculations: {},
      customPlots: { a_b: 1 },
      customTables: [{ T: null }],
    };
    const started = await api.startExecution({
      ...start,
      execution: { ...start.execution, ...sections, metaData: 7 },
    });
    expect(started).toEqual({ executionId: 'e1', status: 'queued' });
    expect(calls).toMatchObject([{ what: `POST ${PATH}/analysis/queue` }]);
    expect(calls[0]?.body).toEqual({
      file_id: 'f1',
      name,
      calculation: start.execution.configuration,
      data_cleaning: { Drop_rows: [1] },
      custom_calculations: {},
      custom_plots: { a_b: 1 },
      custom_tables: [{ T: null }],
      metadata: { meta_data: 7, ...metadata },
    });
  });

  it('omits an empty configuration if there is another section', async () => {
    const { api, calls } = await apiResponding(accepted, v3);
    await api.startExecution({ ...start, execution: { configuration: {}, customPlots: { a: 1 } } });
    expect(calls[0]?.body).toEqual({ file_id: 'f1', name, custom_plots: { a: 1 }, metadata });
  });

  it('names a file without an ID by its bucket and key', async () => {
    const { api, calls } = await apiResponding(accepted, v3);
    await api.startExecution({ ...start, file: { bucket: 'b', key: 'k' } });
    expect(calls[0]?.body).toMatchObject({ name, s3: { bucket_name: 'b', object_key: 'k' } });
  });

  it('sends the body of version 1, with the name, if the profile says so', async () => {
    const { api, calls } = await apiResponding(accepted, { ...v3, startBody: 'v1' });
    await api.startExecution({ ...start, execution: { ...start.execution, dataProcessing: ['a'] } });
    expect(calls[0]?.body).toEqual({
      name,
      file: { id: 'f1' },
      configuration: start.execution.configuration,
      meta_data: metadata,
      data_processing: ['a'],
    });
  });

  it.each([
    ['v3', 'v3', { dataProcessing: 1 }, 'dataProcessing', 'APLOS_UPLOAD_START_BODY to v1'],
    [
      'v3',
      'v1',
      { customPlots: 1, dataCleaning: 1 },
      'dataCleaning, customPlots',
      'unset APLOS_UPLOAD_START_BODY',
    ],
    ['v1', 'v3', { customTables: 1 }, 'customTables', 'APLOS_API_VERSION'],
  ] as const)(
    'sends nothing if %s with the body of %s cannot take %j',
    async (apiVersion, startBody, more, names, action) => {
      const { api, calls } = await apiResponding(accepted, { apiVersion, startBody });
      const started = api.startExecution({ ...start, execution: { configuration: {}, ...more } });
      await expect(started).rejects.toMatchObject({ code: 'SECTION_UNSUPPORTED' });
      await expect(started).rejects.toThrow(names);
      await expect(started).rejects.toThrow(action);
      expect(calls).toEqual([]);
    },
  );

  it.each([
    [
      200,
      { executionId: 'e1', status: 'throttled', delaySeconds: 60, message: 'm' },
      { status: 'throttled', delaySeconds: 60 },
    ],
    [201, { executionId: 'e1', status: 'QUEUED' }, { status: 'queued' }],
    [200, { execution_id: 'e1', status: 'queuing' }, { status: 'queuing' }],
    [200, { executionId: 'e1' }, { status: 'queued' }],
  ])('accepts %i with %j', async (status, data, started) => {
    const { api } = await apiResponding({ status, body: envelope(data) }, v3);
    expect(await api.startExecution(start)).toEqual({ executionId: 'e1', ...started });
  });

  it('throws a final error with the reason for a rejected execution', async () => {
    const data = { executionId: 'e1', status: 'rejected', message: 'The dose limit is missing' };
    const { api } = await apiResponding({ body: envelope(data) }, v3);
    const started = api.startExecution(start);
    await expect(started).rejects.toMatchObject({
      code: 'EXECUTION_REJECTED',
      retryable: false,
      mayHaveStarted: false,
    });
    await expect(started).rejects.toThrow('The dose limit is missing');
  });
});

describe('listExecutions', () => {
  it('recognizes its own executions by their names', async () => {
    const executions = [
      { id: 'e1', name, status: 'Succeeded', createdUtc: '2026-01-02T00:00:00Z', input: { fileId: 'f1' } },
      {
        id: 'e2',
        name: name.toUpperCase(),
        status: 'failed',
        errors: ['x'],
        createdUtc: '2026-01-01T00:00:00Z',
      },
      { id: 'e3', name: 'by hand', status: 'new word', createdUtc: '2026-01-01T00:00:00Z' },
      { execution_id: 'e4', name: null, status: 'queued', createdUtc: 1 },
      { id: 'e5', status: 'queued' },
    ];
    const body = envelope({ count: 5, nextKey: null, executions });
    const { api, calls } = await apiResponding({ body }, v3);
    const listed = await api.listExecutions();
    expect(
      listed.map(({ executionId, status, work, hasMarks }) => [
        executionId,
        status,
        work?.trackingId,
        hasMarks,
      ]),
    ).toEqual([
      ['e1', 'succeeded', trackingId, true],
      ['e2', 'failed', trackingId, true],
      ['e3', 'new word', undefined, true],
      ['e4', 'queued', undefined, true],
      ['e5', 'queued', undefined, true],
    ]);
    expect(calls.map(({ what }) => what).slice(1)).toEqual(
      ['e3', 'e4', 'e5'].map((id) => `GET ${PATH}/executions/${id}/config`),
    );
    await api.listExecutions();
    expect(calls).toHaveLength(5);
  });

  it('says that executions have neither names nor requests', async () => {
    const executions = [{ id: 'e1', name: null, status: 'queued' }];
    const { api, setResponse } = await apiResponding({ body: envelope({ executions }) }, v3);
    setResponse(({ what }) => what.endsWith('/config') && { status: 404, body: {} });
    expect(await api.listExecutions()).toMatchObject([{ executionId: 'e1', hasMarks: false }]);
  });

  it.each([null, '', {}, [], false, 'null'])(
    'takes the page with the next key %j as the last one',
    async (nextKey) => {
      const { api, calls } = await apiResponding({ body: envelope({ executions: [], nextKey }) }, v3);
      expect(await api.listExecutions()).toEqual([]);
      expect(calls).toHaveLength(1);
    },
  );

  it('sends the key of the next page under both of its names', async () => {
    const { api, calls, setResponse } = await apiResponding({ body: envelope({ executions: [] }) }, v3);
    setResponse(
      ({ what }) => !what.includes('?') && { body: envelope({ executions: [], nextKey: { a: 1 } }) },
    );
    await api.listExecutions();
    const key = encodeURIComponent('{"a":1}');
    expect(calls[1]?.what).toBe(`GET ${PATH}/executions?start_key=${key}&nextToken=${key}`);
  });
});
