import { describe, expect, it } from 'vitest';
import type { StartRequest } from '../../../src/aplos/api.js';
import { apiResponding, idToken } from '../../support/fake-aplos.js';

const FIELDS = {
  'x-amz-signature': 's',
  success_action_status: '204',
  'Content-Type': 'text/csv',
  key: 'uploads/pk.csv',
  policy: 'p',
  'x-amz-security-token': 't',
  acl: 'private',
};
const presigned = {
  method_type: 'post',
  url: 'https://bucket.s3.amazonaws.com/',
  fields: FIELDS,
  expires_in: 3600,
  expires_at_utc: '2020-01-01T00:00:00Z',
  new_field: true,
};
const s3 = { bucket_name: 'bucket', object_key: 'uploads/pk.csv', region: 'eu' };
const PATH = '/tenants/tenant%201/users/user%2F1';

describe('presignUpload', () => {
  it('requests a presigned POST on the path of the user', async () => {
    const { api, calls } = await apiResponding({ body: { s3, presigned } });
    await api.presignUpload('pk.csv');
    expect(calls).toMatchObject([
      {
        what: `POST ${PATH}/nca/files`,
        headers: { authorization: `Bearer ${idToken()}`, 'content-type': 'application/json' },
      },
    ]);
    expect(calls[0]?.body).toEqual({ file_name: 'pk.csv', method_type: 'post' });
  });

  it.each([
    [
      'file and s3',
      { file: { id: 'f1', more: 1 }, s3 },
      { fileId: 'f1', bucket: 'bucket', key: s3.object_key },
    ],
    ['s3 alone', { s3 }, { bucket: 'bucket', key: s3.object_key }],
    ['no file', { file: null, s3 }, { bucket: 'bucket', key: s3.object_key }],
    [
      'file alone',
      { file: { id: 'f1' } },
      { fileId: 'f1', bucket: 'bucket.s3.amazonaws.com', key: FIELDS.key },
    ],
  ])('accepts a response with %s', async (_what, ids, file) => {
    const message = 'File upload request created';
    const { api } = await apiResponding({ body: { message, ...ids, presigned, more: {} } });
    expect((await api.presignUpload('pk.csv')).file).toEqual(file);
  });

  it('returns every field of the presigned POST in its order', async () => {
    const { api } = await apiResponding({ body: { s3, presigned } });
    const { fields, url } = (await api.presignUpload('pk.csv')).presigned;
    expect(Object.entries(fields)).toEqual(Object.entries(FIELDS));
    expect(url).toBe(presigned.url);
  });

  it('calculates the expiry with the local clock, which may differ from that of Aplos', async () => {
    const { api } = await apiResponding({ body: { s3, presigned } });
    const before = Date.now();
    const expiresAt = Date.parse((await api.presignUpload('pk.csv')).presigned.expiresAt);
    expect(expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  it.each([
    ['neither file nor s3', { presigned }, 'file.id and s3 are both missing'],
    ['no presigned POST', { s3 }, 'presigned: '],
    ['an invalid URL', { s3, presigned: { ...presigned, url: 'bucket' } }, 'presigned.url: '],
    ['no fields', { s3, presigned: { ...presigned, fields: null } }, 'presigned.fields: '],
    ['no lifetime', { s3, presigned: { ...presigned, expires_in: null } }, 'presigned.expires_in: '],
    ['an empty file id', { file: { id: '' }, s3, presigned }, 'file.id: '],
  ])('throws API_ANSWER_UNEXPECTED for a response with %s', async (_what, body, problem) => {
    const { api } = await apiResponding({ body });
    const response = api.presignUpload('pk.csv');
    await expect(response).rejects.toMatchObject({ code: 'API_ANSWER_UNEXPECTED', retryable: false });
    await expect(response).rejects.toThrow(
      'Cannot presign pk.csv: the Aplos API returned JSON of an unknown shape',
    );
    await expect(response).rejects.toThrow(problem);
  });

  it('does not quote an invalid response in the error', async () => {
    const { api } = await apiResponding({ body: { presigned: { ...presigned, url: 'secret-url' } } });
    const error: Error = await api.presignUpload('pk.csv').catch((caught) => caught);
    expect(error.message).not.toMatch(/secret-url|private/);
  });

  it('throws the reason of an aborted signal', async () => {
    const { api } = await apiResponding({ body: { s3, presigned } });
    const reason = new Error('cancelled');
    await expect(api.presignUpload('pk.csv', AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('fileState', () => {
  it.each([
    [
      { workable_state: 'ready', errors: [] },
      { state: 'ready', readiness: 'ready', errors: [] },
    ],
    [
      { workable_state: 'invalid', errors: ['No header row', { line: 1 }] },
      { state: 'invalid', readiness: 'invalid', errors: ['No header row', '{"line":1}'] },
    ],
    [{ workable_state: 'INVALID' }, { state: 'INVALID', readiness: 'invalid', errors: [] }],
    [{ workable_state: 'converting' }, { state: 'converting', readiness: 'usable', errors: [] }],
    [
      { workable_state: 'new', errors: null, id: 'f' },
      { state: 'new', readiness: 'usable', errors: [] },
    ],
  ])('parses %j', async (body, state) => {
    const { api, calls } = await apiResponding({ body });
    expect(await api.fileState('a/b')).toEqual(state);
    expect(calls.map(({ what }) => what)).toEqual([`GET ${PATH}/nca/files/a%2Fb`]);
    expect(calls[0]?.headers).not.toHaveProperty('content-type');
  });
});

const start: StartRequest = {
  file: { fileId: 'f1', bucket: 'bucket', key: 'key' },
  execution: { configuration: { version: '1', z: 1, a: [{}] } },
  label: 'day 1',
  work: { trackingId: 't1' },
};
const aplos_upload = { tracking_id: 't1' };

describe('startExecution', () => {
  it.each<[what: string, start: StartRequest, body: unknown]>([
    [
      'a file by its ID',
      start,
      {
        file: { id: 'f1' },
        configuration: { version: '1', z: 1, a: [{}] },
        meta_data: { aplos_upload },
      },
    ],
    [
      'a file without an ID by its bucket and key',
      { ...start, file: { bucket: 'bucket', key: 'key' } },
      {
        s3: { bucket_name: 'bucket', object_key: 'key' },
        configuration: { version: '1', z: 1, a: [{}] },
        meta_data: { aplos_upload },
      },
    ],
    [
      'all parts of the request',
      {
        ...start,
        execution: {
          configuration: {},
          metaData: { study: 7 },
          dataProcessing: [{ drop: 'x' }],
          postProcessing: 'none',
        },
      },
      {
        file: { id: 'f1' },
        configuration: {},
        meta_data: { study: 7, aplos_upload },
        data_processing: [{ drop: 'x' }],
        post_processing: 'none',
      },
    ],
  ])('sends %s', async (_what, request, body) => {
    const { api, calls } = await apiResponding({ body: { execution_id: 'e1', status: 'queuing' } });
    expect(await api.startExecution(request)).toEqual({ executionId: 'e1', status: 'queuing' });
    expect(calls.map(({ what }) => what)).toEqual([`POST ${PATH}/nca/executions`]);
    expect(calls[0]?.body).toEqual(body);
  });

  it('accepts a response without a status and with unknown fields', async () => {
    const { api } = await apiResponding({ status: 201, body: { execution_id: 'e1', more: [] } });
    expect(await api.startExecution(start)).toEqual({ executionId: 'e1', status: 'queuing' });
  });

  it('returns the status in lower case', async () => {
    const { api } = await apiResponding({ body: { execution_id: 'e1', status: 'Queuing' } });
    expect(await api.startExecution(start)).toEqual({ executionId: 'e1', status: 'queuing' });
  });

  it.each([
    ['the column "conc" is missing', 400, 'EXECUTION_REFUSED'],
    ['unknown field', 422, 'EXECUTION_REFUSED'],
    ['The allocation of executions is used up', 403, 'ALLOCATION_EXHAUSTED'],
    ['Quota exceeded', 400, 'ALLOCATION_EXHAUSTED'],
    ['No executions remaining', 409, 'ALLOCATION_EXHAUSTED'],
    ['Payment required', 402, 'ALLOCATION_EXHAUSTED'],
    ['User is not authorized to access this resource', 403, 'API_FORBIDDEN'],
    ['File not found', 404, 'API_NOT_FOUND'],
    ['Request too long', 413, 'API_TOO_LARGE'],
  ])('given the message "%s" and status %i, throws %s', async (message, status, code) => {
    const body = { action: 'execution-request', errors: [{ status_code: status, message }], log_id: 'log-7' };
    const { api } = await apiResponding({ status, body });
    const refused = api.startExecution(start);
    await expect(refused).rejects.toMatchObject({ code, retryable: false, details: { status } });
    await expect(refused).rejects.toThrow(
      `Cannot start an execution of file f1: the Aplos API returned status ${status}, ${message}, log ID log-7`,
    );
  });
});

describe('listExecutions', () => {
  it.each([
    ['an object', { aplos_upload }, 't1'],
    ['an object with more', { study: 7, aplos_upload: { ...aplos_upload, more: 1 } }, 't1'],
    ['JSON in a string', JSON.stringify({ aplos_upload }), 't1'],
    ['metadata of another type', { aplos_upload: 't1' }, undefined],
    ['metadata of another program', { tracking_id: 't1' }, undefined],
    ['text', 'tracking t1', undefined],
    ['an array', [{ aplos_upload }], undefined],
    ['a number', 7, undefined],
  ])('parses the tracking ID in %s', async (_what, meta_data, trackingId) => {
    const item = { execution_id: 'e1', status: 'queuing', meta_data, times: { elapsed: 1 }, more: {} };
    const { api, calls } = await apiResponding({ body: { items: [item], next: null } });
    expect(await api.listExecutions()).toEqual([
      {
        executionId: 'e1',
        status: 'queuing',
        errors: [],
        hasMarks: true,
        ...(trackingId && { work: { trackingId } }),
      },
    ]);
    expect(calls.map(({ what }) => what)).toEqual([`GET ${PATH}/nca/executions`]);
  });

  it('returns each status in lower case', async () => {
    const { api } = await apiResponding({ body: { items: [{ execution_id: 'e1', status: 'Rejected' }] } });
    expect(await api.listExecutions()).toMatchObject([{ status: 'rejected' }]);
  });

  it.each([
    [{}, undefined],
    [{ meta_data: null }, false],
  ])('reports missing metadata in %j as %s', async (more, hasMarks) => {
    const { api } = await apiResponding({
      body: { items: [{ execution_id: 'e1', status: 'failed', errors: ['x'], ...more }] },
    });
    expect(await api.listExecutions()).toEqual([
      { executionId: 'e1', status: 'failed', errors: ['x'], hasMarks },
    ]);
  });

  it.each([
    ['no items', {}, 'items: '],
    ['an item without an ID', { items: [{ status: 'queuing' }] }, 'items[0].execution_id: '],
  ])('throws API_ANSWER_UNEXPECTED if there is %s', async (_what, body, problem) => {
    const { api } = await apiResponding({ body });
    await expect(api.listExecutions()).rejects.toMatchObject({ code: 'API_ANSWER_UNEXPECTED' });
    await expect(api.listExecutions()).rejects.toThrow(problem);
  });
});

describe('execution', () => {
  it('encodes the execution ID in the path', async () => {
    const execution_id = '1714955846-1264143:cfa4b10f/x';
    const { api, calls } = await apiResponding({
      body: { execution_id, status: 'complete', errors: [], meta_data: { aplos_upload }, presigned: {} },
    });
    expect(await api.execution(execution_id)).toEqual({
      executionId: execution_id,
      status: 'complete',
      errors: [],
      hasMarks: true,
      work: { trackingId: 't1' },
      report: {},
    });
    expect(calls.map(({ what }) => what)).toEqual([
      `GET ${PATH}/nca/executions/1714955846-1264143%3Acfa4b10f%2Fx`,
    ]);
  });
});
