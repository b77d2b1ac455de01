import { readFile } from 'node:fs/promises';
import { strFromU8, unzipSync } from 'fflate';
import { request } from 'undici';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.js';
import { parseTable } from '../../sandbox/table.js';
import { newBucket } from '../support/bucket.js';
import {
  call,
  configuration,
  logIn,
  type Presigned,
  post,
  presign,
  table,
  until,
  upload,
} from '../support/sandbox-client.js';

interface Status {
  readonly execution_id: string;
  readonly status: string;
  readonly errors: readonly string[];
  readonly meta_data?: unknown;
  readonly presigned?: { readonly url: string };
}

let s3: S3Bucket;

beforeAll(async () => {
  s3 = await newBucket();
}, 60_000);

async function withSandbox(
  options: SandboxOptions,
  story: (sandbox: Sandbox, token: string) => Promise<void>,
): Promise<void> {
  const sandbox = await startSandbox({ s3, stepMs: 20, ...options });
  try {
    await story(sandbox, await logIn(sandbox));
  } finally {
    await sandbox.stop();
  }
}

const state = (sandbox: Sandbox, token: string, id: string) =>
  call<{ workable_state: string; errors: string[] }>(sandbox, token, 'GET', `/nca/files/${id}`);
const start = (sandbox: Sandbox, token: string, id: string, more: object = {}) =>
  call<Status>(sandbox, token, 'POST', '/nca/executions', { file: { id }, configuration, ...more });
/** Starts by version 3, which accepts any object as the configuration. */
const startV3 = (sandbox: Sandbox, token: string, file_id: string, calculation: object) =>
  call({ ...sandbox, apiUrl: `${sandbox.apiUrl}/v3` }, token, 'POST', '/analysis/queue', {
    file_id,
    calculation,
  });
const status = (sandbox: Sandbox, token: string, id: string) =>
  call<Status>(sandbox, token, 'GET', `/nca/executions/${encodeURIComponent(id)}`);
const outcome = async (sandbox: Sandbox, token: string, id: string): Promise<Status> =>
  (
    await until(
      () => status(sandbox, token, id),
      ({ body }) => ['complete', 'failed'].includes(body.status),
    )
  ).body;

describe('a file in the sandbox', () => {
  it('is converting until it is uploaded, and then ready', () =>
    withSandbox({}, async (sandbox, token) => {
      const { body } = await presign(sandbox, token);
      expect((await state(sandbox, token, body.file.id)).body.workable_state).toBe('converting');
      const { fileId } = await upload(sandbox, token, table);
      expect((await state(sandbox, token, fileId)).body).toMatchObject({
        workable_state: 'ready',
        errors: [],
      });
    }));

  it('stays converting for the configured time', () =>
    withSandbox({ conversionMs: 3_600_000 }, async (sandbox, token) => {
      const { fileId } = await upload(sandbox, token, table);
      expect((await state(sandbox, token, fileId)).body.workable_state).toBe('converting');
    }));

  it.each([
    ['prose', 'pk.csv', 'Dear colleague,\n'],
    ['a header row alone', 'pk.csv', 'subject,time,conc\n'],
    ['one column', 'pk.csv', 'subject\n1\n2\n'],
    ['bytes that are no text', 'pk.csv', Buffer.from([1, 0, 2, 10, 3, 0])],
    ['text under the name of a SAS file', 'pk.xpt', table],
    ['text under the name of an Excel file', 'pk.xlsx', table],
  ])('becomes invalid if it is %s', (_what, fileName, content) =>
    withSandbox({}, async (sandbox, token) => {
      const { fileId } = await upload(sandbox, token, content, fileName);
      const { body } = await state(sandbox, token, fileId);
      expect(body.workable_state).toBe('invalid');
      expect(body.errors).toHaveLength(1);
    }),
  );

  it.each([
    ['.dat', table.replaceAll(',', '\t')],
    ['.xpt', 'HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!'],
    ['.xlsx', Buffer.from('504b0304', 'hex')],
  ])('of type %s is accepted', (type, content) =>
    withSandbox({}, async (sandbox, token) => {
      const { fileId } = await upload(sandbox, token, content, `pk${type}`);
      expect((await state(sandbox, token, fileId)).body.workable_state).toBe('ready');
    }),
  );

  it('of an unsupported type gets no presigned POST', () =>
    withSandbox({}, async (sandbox, token) => {
      const { status, text } = await presign(sandbox, token, 'pk.pdf');
      expect([status, JSON.parse(text).errors[0].status_code]).toEqual([400, 400]);
    }));
});

describe('an execution in the sandbox', () => {
  it('goes from queuing to complete, keeps its metadata, and its results can be downloaded', () =>
    withSandbox({}, async (sandbox, token) => {
      const { fileId } = await upload(sandbox, token, table);
      const meta_data = { aplos_upload: { tracking_id: 'T1' }, study: 7 };
      const started = await start(sandbox, token, fileId, { meta_data });
      expect([started.status, started.body.status]).toEqual([200, 'queuing']);

      const done = await outcome(sandbox, token, started.body.execution_id);
      expect(done).toMatchObject({ status: 'complete', errors: [], meta_data });
      const zip = await request(done.presigned?.url ?? '');
      const files = unzipSync(new Uint8Array(await zip.body.arrayBuffer()));
      const results = parseTable(strFromU8(files['outputs/pk-results.csv'] ?? new Uint8Array()));
      expect(results.rows).toEqual([
        { subject: '1', n: '3', cmax: '10', tmax: '1', tlast: '3', auclast: '19' },
        { subject: '2', n: '3', cmax: '20', tmax: '1', tlast: '3', auclast: '38' },
      ]);

      expect(sandbox.charges).toMatchObject([
        { fileId, trackingId: 'T1', metaData: meta_data, configuration },
      ]);
      const { body } = await call<{ items: Status[] }>(sandbox, token, 'GET', '/nca/executions');
      expect(body.items).toMatchObject([{ execution_id: started.body.execution_id, meta_data }]);
      expect(body.items[0]).not.toHaveProperty('presigned');
    }));

  it('fails if the configuration names a column that the file lacks', () =>
    withSandbox({}, async (sandbox, token) => {
      const { fileId } = await upload(sandbox, token, table.replaceAll('conc.obs', 'dv'));
      const { body } = await start(sandbox, token, fileId);
      expect(await outcome(sandbox, token, body.execution_id)).toMatchObject({
        status: 'failed',
        errors: ['The file has no column "conc.obs".'],
      });
    }));

  it.each(['single-oral-dose', 'food-effect-crossover'])('of the sample %s completes', (name) =>
    withSandbox({}, async (sandbox, token) => {
      const sample = (ending: string) => readFile(`samples/${name}.${ending}`, 'utf8');
      const { fileId } = await upload(sandbox, token, await sample('csv'));
      const { body } = await start(sandbox, token, fileId, {
        configuration: JSON.parse(await sample('json')),
      });
      expect((await outcome(sandbox, token, body.execution_id)).status).toBe('complete');
    }),
  );

  const good = { version: '1', columns: configuration.columns };
  it.each([
    ['a short row far down', `${table}${'1,1,1,1\n'.repeat(80_000)}2,2\n`, good],
    ['an open quote far down', `${table}${'1,1,1,1\n'.repeat(80_000)}1,1,"1,1\n`, good],
    ['columns that are no names', table, { ...good, columns: { ...good.columns, grouping: 'subject' } }],
    ['no concentration', table, { ...good, columns: { ...good.columns, concentration: null } }],
  ])('fails alone if it has %s, and leaves the others in the list', (_what, content, unusual) =>
    withSandbox({ api: 'both' }, async (sandbox, token) => {
      const { fileId } = await upload(sandbox, token, table);
      const before = (await start(sandbox, token, fileId)).body.execution_id;
      const odd = await upload(sandbox, token, content);
      await startV3(sandbox, token, odd.fileId, unusual);
      const listed = await until(
        () => call<{ items: Status[] }>(sandbox, token, 'GET', '/nca/executions'),
        ({ body: { items } }) => items?.every(({ status }) => ['complete', 'failed'].includes(status)),
      );
      expect(listed.body.items.map(({ status }) => status)).toEqual(['failed', 'complete']);
      expect(listed.body.items[1]?.execution_id).toBe(before);
      expect(listed.body.items[0]?.errors).toHaveLength(1);
    }),
  );

  it('is refused if its metadata is nested so deeply that no list could contain it', () =>
    withSandbox({ dialect: 'f' }, async (sandbox, token) => {
      const { fileId } = await upload(sandbox, token, table);
      const nested = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
      const body = JSON.stringify({ file: { id: fileId }, configuration, meta_data: 0 }).replace(
        /0}$/,
        `${nested}}`,
      );
      const url = `${sandbox.apiUrl}/tenants/${sandbox.tenantId}/users/${sandbox.userId}/nca/executions`;
      const refused = await request(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body,
      });
      expect(refused.statusCode).toBe(400);
      expect((await call(sandbox, token, 'GET', '/nca/executions')).status).toBe(200);
    }));

  it('is refused for an unknown file, before the upload, and without a valid configuration', () =>
    withSandbox(
      { refuseConfiguration: ({ version }) => (version === 'old' ? 'too old' : undefined) },
      async (sandbox, token) => {
        const { body } = await presign(sandbox, token);
        expect((await start(sandbox, token, 'unknown')).status).toBe(404);
        expect((await start(sandbox, token, body.file.id)).status).toBe(400);
        const { fileId } = await upload(sandbox, token, table);
        const { columns } = configuration;
        for (const wrong of [
          undefined,
          'text',
          {},
          { version: '1' },
          { columns },
          { version: 'old', columns },
        ])
          expect((await start(sandbox, token, fileId, { configuration: wrong })).status).toBe(400);
        expect(sandbox.charges).toEqual([]);
      },
    ));

  it('is refused if the allocation is used up', () =>
    withSandbox({ allocation: 1 }, async (sandbox, token) => {
      const { fileId } = await upload(sandbox, token, table);
      expect((await start(sandbox, token, fileId)).status).toBe(200);
      const refused = await start(sandbox, token, fileId);
      expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('allocation')]);
      const metrics = await call(sandbox, token, 'GET', '/metrics');
      expect(metrics.body).toMatchObject({ subscription: { allocated: '1', remaining: '0' } });
    }));

  it('accepts bucket and key instead of the file ID, as in the older presign response', () =>
    withSandbox({ presignShape: 's3' }, async (sandbox, token) => {
      const { body } = await presign(sandbox, token);
      expect(body).not.toHaveProperty('file');
      const { s3: place } = body as Presigned & { s3: object };
      const byPlace = () => start(sandbox, token, '', { file: undefined, s3: place });
      expect((await byPlace()).status).toBe(400);
      await post(body, body.presigned.fields, table);
      expect((await byPlace()).status).toBe(200);
      expect(sandbox.charges).toMatchObject([{ fileId: sandbox.files[0]?.fileId }]);
    }));
});
