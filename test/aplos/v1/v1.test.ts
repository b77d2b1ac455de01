import { describe, expect, it } from 'vitest';
import type { StartRequest } from '../../../src/aplos/api.js';
import { idToken, serviceAnswering } from '../../support/fake-aplos.js';

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

describe('presign', () => {
  it('asks for a POST for the file, as the owner of the token', async () => {
    const { api, calls } = await serviceAnswering({ body: { s3, presigned } });
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
  ])('takes an answer with %s', async (_what, named, file) => {
    const message = 'File upload request created';
    const { api } = await serviceAnswering({ body: { message, ...named, presigned, more: {} } });
    expect((await api.presignUpload('pk.csv')).file).toEqual(file);
  });

  it('keeps every field of the form, in the order they came', async () => {
    const { api } = await serviceAnswering({ body: { s3, presigned } });
    const { fields, url } = (await api.presignUpload('pk.csv')).presigned;
    expect(Object.entries(fields)).toEqual(Object.entries(FIELDS));
    expect(url).toBe(presigned.url);
  });

  it('reckons the time of expiry by our own clock, which may differ from that of the service', async () => {
    const { api } = await serviceAnswering({ body: { s3, presigned } });
    const before = Date.now();
    const expiresAt = Date.parse((await api.presignUpload('pk.csv')).presigned.expiresAt);
    expect(expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  it.each([
    ['neither file nor s3', { presigned }, 'neither file.id nor s3 is there'],
    ['no form', { s3 }, 'presigned: '],
    ['a URL that is none', { s3, presigned: { ...presigned, url: 'bucket' } }, 'presigned.url: '],
    ['no fields', { s3, presigned: { ...presigned, fields: null } }, 'presigned.fields: '],
    ['no life', { s3, presigned: { ...presigned, expires_in: 0 } }, 'presigned.expires_in: '],
    ['an empty file id', { file: { id: '' }, s3, presigned }, 'file.id: '],
  ])('does not take an answer with %s', async (_what, body, problem) => {
    const { api } = await serviceAnswering({ body });
    const answer = api.presignUpload('pk.csv');
    await expect(answer).rejects.toMatchObject({ code: 'API_ANSWER_UNEXPECTED', retryable: false });
    await expect(answer).rejects.toThrow('To presign pk.csv, the Aplos API answered in an unknown shape');
    await expect(answer).rejects.toThrow(problem);
  });

  it('shows nothing of a form that it cannot read', async () => {
    const { api } = await serviceAnswering({ body: { presigned: { ...presigned, url: 'secret-url' } } });
    const error: Error = await api.presignUpload('pk.csv').catch((caught) => caught);
    expect(error.message).not.toMatch(/secret-url|private/);
  });

  it('ends at once when it is cancelled', async () => {
    const { api } = await serviceAnswering({ body: { s3, presigned } });
    const reason = new Error('cancelled');
    await expect(api.presignUpload('pk.csv', AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('the state of a file', () => {
  it.each([
    [
      { workable_state: 'ready', errors: [] },
      { state: 'ready', verdict: 'ready', errors: [] },
    ],
    [
      { workable_state: 'invalid', errors: ['No header row', { line: 1 }] },
      { state: 'invalid', verdict: 'invalid', errors: ['No header row', '{"line":1}'] },
    ],
    [{ workable_state: 'converting' }, { state: 'converting', verdict: 'pending', errors: [] }],
    [
      { workable_state: 'new', errors: null, id: 'f' },
      { state: 'new', verdict: 'pending', errors: [] },
    ],
  ])('is read from %j', async (body, state) => {
    const { api, calls } = await serviceAnswering({ body });
    expect(await api.fileState('a/b')).toEqual(state);
    expect(calls.map(({ what }) => what)).toEqual([`GET ${PATH}/nca/files/a%2Fb`]);
    expect(calls[0]?.headers).not.toHaveProperty('content-type');
  });
});

const start: StartRequest = {
  file: { fileId: 'f1', bucket: 'bucket', key: 'key' },
  execution: { configuration: { version: '1', z: 1, a: [{}] } },
  trackingId: 't1',
};
const aplos_upload = { tracking_id: 't1' };

describe('start', () => {
  it.each<[what: string, start: StartRequest, body: unknown]>([
    [
      'a file by its id',
      start,
      {
        file: { id: 'f1' },
        configuration: { version: '1', z: 1, a: [{}] },
        meta_data: { aplos_upload },
      },
    ],
    [
      'a file without an id by its place in S3',
      { ...start, file: { bucket: 'bucket', key: 'key' } },
      {
        s3: { bucket_name: 'bucket', object_key: 'key' },
        configuration: { version: '1', z: 1, a: [{}] },
        meta_data: { aplos_upload },
      },
    ],
    [
      'all that was asked for',
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
  ])('names %s', async (_what, request, body) => {
    const { api, calls } = await serviceAnswering({ body: { execution_id: 'e1', status: 'queuing' } });
    expect(await api.startExecution(request)).toEqual({ executionId: 'e1', status: 'queuing' });
    expect(calls.map(({ what }) => what)).toEqual([`POST ${PATH}/nca/executions`]);
    expect(calls[0]?.body).toEqual(body);
  });

  it('takes an answer without a status, and with more than it needs, for an acceptance', async () => {
    const { api } = await serviceAnswering({ status: 201, body: { execution_id: 'e1', more: [] } });
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
  ])('refused with "%s" (%i) tells so: %s', async (message, status, code) => {
    const body = { action: 'execution-request', errors: [{ status_code: status, message }], log_id: 'log-7' };
    const { api } = await serviceAnswering({ status, body });
    const refused = api.startExecution(start);
    await expect(refused).rejects.toMatchObject({ code, retryable: false, details: { status } });
    await expect(refused).rejects.toThrow(
      `To start an execution of file f1, the Aplos API answered: status ${status}, ${message}, log id log-7`,
    );
  });
});

describe('the list of executions', () => {
  it.each([
    ['an object', { aplos_upload }, 't1'],
    ['an object with more', { study: 7, aplos_upload: { ...aplos_upload, more: 1 } }, 't1'],
    ['the text of an object', JSON.stringify({ aplos_upload }), 't1'],
    ['metadata of another sort', { aplos_upload: 't1' }, undefined],
    ['metadata of somebody else', { tracking_id: 't1' }, undefined],
    ['text', 'tracking t1', undefined],
    ['an array', [{ aplos_upload }], undefined],
    ['a number', 7, undefined],
  ])('gives the tracking id out of %s', async (_what, meta_data, trackingId) => {
    const item = { execution_id: 'e1', status: 'queuing', meta_data, times: { elapsed: 1 }, more: {} };
    const { api, calls } = await serviceAnswering({ body: { items: [item], next: null } });
    expect(await api.listExecutions()).toEqual([
      {
        executionId: 'e1',
        status: 'queuing',
        errors: [],
        hasMetaData: true,
        ...(trackingId && { trackingId }),
      },
    ]);
    expect(calls.map(({ what }) => what)).toEqual([`GET ${PATH}/nca/executions`]);
  });

  it.each([[{}], [{ meta_data: null }]])('says where there is no metadata, as in %j', async (more) => {
    const { api } = await serviceAnswering({
      body: { items: [{ execution_id: 'e1', status: 'failed', errors: ['x'], ...more }] },
    });
    expect(await api.listExecutions()).toEqual([
      { executionId: 'e1', status: 'failed', errors: ['x'], hasMetaData: false },
    ]);
  });

  it.each([
    ['no items', {}, 'items: '],
    ['an item without an id', { items: [{ status: 'queuing' }] }, 'items[0].execution_id: '],
  ])('is not taken for empty where it has %s', async (_what, body, problem) => {
    const { api } = await serviceAnswering({ body });
    await expect(api.listExecutions()).rejects.toMatchObject({ code: 'API_ANSWER_UNEXPECTED' });
    await expect(api.listExecutions()).rejects.toThrow(problem);
  });
});

describe('one execution', () => {
  it('is asked for by its id, whatever is in it', async () => {
    const execution_id = '1714955846-1264143:cfa4b10f/x';
    const { api, calls } = await serviceAnswering({
      body: { execution_id, status: 'complete', errors: [], meta_data: { aplos_upload }, presigned: {} },
    });
    expect(await api.execution(execution_id)).toEqual({
      executionId: execution_id,
      status: 'complete',
      errors: [],
      hasMetaData: true,
      trackingId: 't1',
    });
    expect(calls.map(({ what }) => what)).toEqual([
      `GET ${PATH}/nca/executions/1714955846-1264143%3Acfa4b10f%2Fx`,
    ]);
  });
});
