import { appendFile, chmod, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault, Route } from '../../sandbox/sandbox.js';
import { UploadClient, type UploadFailedError, type UploadHandle } from '../../src/client.js';
import { type ErrorCode, errorTable } from '../../src/contract/errors.js';
import { MAX_FILE_BYTES } from '../../src/contract/names.js';
import type { Receipt } from '../../src/contract/receipt.js';
import type { UploadRequestInput } from '../../src/contract/request.js';
import { bytesOf } from '../support/history.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, endAs, table } from '../support/tables.js';
import type { RunningWorker } from '../support/warm-worker.js';
import type { World } from '../support/world.js';

interface Row {
  readonly code: ErrorCode;
  /** Completes the sentence "given …". */
  readonly given: string;
  readonly faults?: readonly Fault[];
  /** Faults that are added when the start of the execution arrives. */
  readonly faultsAtStart?: readonly Fault[];
  /** Request. Default: a small table. */
  readonly request?: (path: string) => Promise<Partial<UploadRequestInput>>;
  /** Called while the upload runs. */
  readonly meanwhile?: (path: string) => Promise<unknown>;
  /** Number of charged executions although the upload fails. Default: 0. */
  readonly charged?: number;
  /** Whether the same request succeeds when it is repeated. Default: the request or the file is wrong. */
  readonly repeatable?: true;
}

const s3Says = (status: number, code: string, message = code): Fault => ({
  route: 'upload',
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
const cognitoSays = (type: string): Fault => ({
  route: 'login',
  status: 400,
  body: { __type: type, message: 'No.' },
});
const twice = (route: Route, status: number, body?: unknown): Fault => ({ route, status, body, times: 2 });
const content = (path: string, bytes: string | Buffer) => writeFile(path, bytes).then(() => ({}));

const retried: readonly Row[] = [
  {
    code: 'API_ANSWER_UNEXPECTED',
    given: 'a response of the API with another shape',
    faults: [{ route: 'presign', response: 'other-shape' }],
  },
  {
    code: 'LOGIN_UNEXPECTED',
    given: 'a login response without a token',
    faults: [{ route: 'login', status: 200, body: {} }],
  },
  {
    code: 'LOGIN_THROTTLED',
    given: 'too many logins',
    faults: [cognitoSays('TooManyRequestsException')],
  },
  {
    code: 'LOGIN_UNAVAILABLE',
    given: 'a server error of Cognito',
    faults: [{ route: 'login', status: 500 }],
  },
  {
    code: 'API_UNREACHABLE',
    given: 'an API that drops the connection',
    faults: [{ route: 'presign', cut: 'before' }],
  },
  {
    code: 'API_UNAVAILABLE',
    given: 'a server error of the API',
    faults: [{ route: 'presign', status: 503 }],
  },
  {
    code: 'API_UNAVAILABLE',
    given: 'a start that took effect despite a 504',
    faults: [{ route: 'start', status: 504, effect: true }],
  },
  {
    code: 'API_THROTTLED',
    given: 'an API that throttles',
    faults: [{ route: 'presign', status: 429, headers: { 'retry-after': '1' } }],
  },
  {
    code: 'API_ANSWER_BROKEN',
    given: 'HTML instead of JSON',
    faults: [{ route: 'presign', response: 'html' }],
  },
  {
    code: 'API_ANSWER_BROKEN',
    given: 'truncated JSON',
    faults: [{ route: 'fileState', response: 'truncated', times: 2 }],
  },
  {
    code: 'S3_UNREACHABLE',
    given: 'a connection to S3 that drops halfway',
    faults: [{ route: 'upload', cut: 500 }],
  },
  {
    code: 'S3_UNREACHABLE',
    given: 'a connection to S3 that drops after the last byte',
    faults: [{ route: 'upload', cut: 'after' }],
  },
  { code: 'S3_UNAVAILABLE', given: 'SlowDown', faults: [s3Says(503, 'SlowDown')] },
  { code: 'S3_UNAVAILABLE', given: 'InternalError', faults: [s3Says(500, 'InternalError')] },
  { code: 'S3_UNAVAILABLE', given: 'RequestTimeout', faults: [s3Says(400, 'RequestTimeout')] },
];

/** Retried by a worker with a short idle timeout, which a busy machine may exceed as well. */
const stalled: Row = {
  code: 'S3_STALLED',
  given: 'an S3 that never responds',
  faults: [{ route: 'upload', hang: true }],
};

const presignedAgain: readonly Row[] = [
  { code: 'S3_EXPIRED', given: 'an expired policy', faults: [{ route: 'upload', expire: 'policy' }] },
  {
    code: 'S3_EXPIRED',
    given: 'an expired security token',
    faults: [{ route: 'upload', expire: 'token' }],
  },
  {
    code: 'UPLOAD_CORRUPTED',
    given: 'a byte that is corrupted in transit',
    faults: [{ route: 'upload', corrupt: true }],
  },
];

const final: readonly Row[] = [
  {
    code: 'PROFILE_UNKNOWN',
    given: 'a profile that the worker does not have',
    request: async () => ({ profile: 'nobody' }),
  },
  {
    code: 'SOURCE_UNSUPPORTED',
    given: 'an unsupported kind of source',
    request: async () => ({ source: 'gopher://example.com/pk.csv' }),
  },
  {
    code: 'FILE_NOT_FOUND',
    given: 'a missing file',
    request: async (path) => ({ source: `${pathToFileURL(path).href}.gone.csv` }),
  },
  {
    code: 'FILE_NOT_REGULAR',
    given: 'a folder',
    request: async (path) =>
      mkdir(`${path}.d.csv`).then(() => ({ source: `${pathToFileURL(path).href}.d.csv` })),
  },
  {
    code: 'FILE_OUTSIDE_ROOTS',
    given: 'a file outside the roots',
    request: async () => ({
      source: pathToFileURL(join(process.cwd(), 'samples/single-oral-dose.csv')).href,
    }),
  },
  { code: 'FILE_EMPTY', given: 'an empty file', request: (path) => content(path, '') },
  {
    code: 'FILE_TOO_LARGE',
    given: 'a file over 5 GiB',
    request: (path) => truncate(path, MAX_FILE_BYTES + 1).then(() => ({})),
  },
  {
    code: 'FILE_TYPE_UNSUPPORTED',
    given: 'an unsupported file type',
    request: async () => ({ fileName: 'pk.pdf' }),
  },
  {
    code: 'FILE_NOT_AS_EXPECTED',
    given: 'an unexpected SHA-256',
    request: async () => ({ expect: { sha256: '0'.repeat(64) } }),
  },
  {
    code: 'FILE_NOT_AS_EXPECTED',
    given: 'an unexpected size',
    request: async () => ({ expect: { sizeBytes: 1 } }),
  },
  {
    code: 'FILE_CHANGED',
    given: 'a file that grows while it is sent',
    faults: [{ route: 'upload', delayMs: 600_000 }], // until it has grown
    request: (path) => content(path, table(30_000_000)),
    meanwhile: (path) => appendFile(path, '1,99,99\n'),
  },
  {
    code: 'FILE_INVALID',
    given: 'a file that is not a table',
    request: (path) => content(path, 'Dear Sir or Madam'),
  },
  {
    code: 'LOGIN_REFUSED',
    given: 'a wrong password',
    faults: [cognitoSays('NotAuthorizedException')],
    repeatable: true,
  },
  {
    code: 'LOGIN_USER_UNKNOWN',
    given: 'an unknown user',
    faults: [cognitoSays('UserNotFoundException')],
    repeatable: true,
  },
  {
    code: 'LOGIN_CHALLENGE',
    given: 'a login challenge',
    faults: [{ route: 'login', status: 200, body: { ChallengeName: 'NEW_PASSWORD_REQUIRED' } }],
    repeatable: true,
  },
  {
    code: 'API_TOKEN_REFUSED',
    given: 'an API that refuses a renewed token too',
    faults: [twice('presign', 401)],
    repeatable: true,
  },
  { code: 'API_FORBIDDEN', given: 'a missing right', faults: [twice('presign', 403)], repeatable: true },
  {
    code: 'API_NOT_FOUND',
    given: 'an unknown path of the API',
    faults: [{ route: 'presign', status: 404 }],
    repeatable: true,
  },
  {
    code: 'API_REFUSED',
    given: 'a request that the API refuses',
    faults: [{ route: 'presign', status: 400 }],
    repeatable: true,
  },
  {
    code: 'API_TOO_LARGE',
    given: 'a request body that is too large',
    faults: [{ route: 'start', status: 413 }],
    repeatable: true,
  },
  {
    code: 'S3_HOST_REFUSED',
    given: 'a presigned POST for another host than S3',
    faults: [
      {
        route: 'presign',
        status: 200,
        body: {
          file: { id: 'f1' },
          presigned: { url: 'https://bucket.s3.amazonaws.com.example.com/', fields: {}, expires_in: 3600 },
        },
      },
    ],
    repeatable: true,
  },
  {
    code: 'S3_SIGNATURE_REFUSED',
    given: 'a signature that S3 refuses',
    faults: [s3Says(403, 'SignatureDoesNotMatch')],
    repeatable: true,
  },
  {
    code: 'S3_ACCESS_DENIED',
    given: 'an upload that S3 refuses',
    faults: [s3Says(403, 'AccessDenied')],
    repeatable: true,
  },
  {
    code: 'S3_TOO_LARGE',
    given: 'more bytes than the policy allows',
    faults: [s3Says(400, 'EntityTooLarge')],
    repeatable: true,
  },
  {
    code: 'S3_TOO_SMALL',
    given: 'fewer bytes than the policy requires',
    faults: [s3Says(400, 'EntityTooSmall')],
    repeatable: true,
  },
  {
    code: 'S3_REDIRECTED',
    given: 'a bucket in another region',
    faults: [
      {
        ...s3Says(307, 'TemporaryRedirect'),
        headers: { location: 'https://bucket.s3.eu-west-1.amazonaws.com/' },
      } as Fault,
    ],
    repeatable: true,
  },
  {
    code: 'S3_REFUSED',
    given: 'a form that S3 refuses',
    faults: [s3Says(400, 'MalformedPOSTRequest')],
    repeatable: true,
  },
  {
    code: 'UPLOAD_NOT_204',
    given: 'status 200 instead of 204',
    faults: [{ route: 'upload', status: 200, effect: true, body: '' }],
    repeatable: true,
  },
  {
    code: 'EXECUTION_REFUSED',
    given: 'a refused configuration',
    faults: [{ route: 'start', status: 400 }],
    repeatable: true,
  },
  {
    code: 'ALLOCATION_EXHAUSTED',
    given: 'an exhausted allocation',
    faults: [twice('start', 403, { errors: [{ status_code: 403, message: 'No allocation is left.' }] })],
    repeatable: true,
  },
  {
    code: 'START_UNSETTLED',
    given: 'a lost response to a start and then a refused list',
    faults: [{ route: 'start', cut: 'after' }],
    faultsAtStart: [{ route: 'list', status: 404, times: 'always' }],
    charged: 1,
    repeatable: true,
  },
];

/** Rows about executions that were started, and that Aplos ended without results. */
const ends: readonly Row[] = (
  [
    ['EXECUTION_FAILED', 'failed'],
    ['EXECUTION_CANCELLED', 'cancelled'],
    ['EXECUTION_TIMED_OUT', 'timed_out'],
    ['EXECUTION_REJECTED', 'rejected'],
    ['COMPLETION_TIMED_OUT', 'running'],
  ] as const
).map(([code, endAs]) => ({
  code,
  given: `an execution that ends as ${endAs}`,
  request: async () => ({
    until: 'completed',
    completionTimeoutSeconds: endAs === 'running' ? 1 : 60,
    executions: [{ label: 'only', configuration: { ...configuration, endAs } }],
  }),
  charged: 1,
}));

/** Codes that cannot occur here, and the test that covers them. */
const elsewhere: Partial<Record<ErrorCode, string>> = {
  REQUEST_INVALID: 'test/contract and test/workflows',
  SETTINGS_INVALID: 'test/settings',
  STATE_FILE_UNWRITABLE: 'test/watch',
  STATE_FILE_INVALID: 'test/watch',
  FOLDER_UNAVAILABLE: 'test/watch',
  TEMPORAL_UNREACHABLE: 'test/e2e/bad-input.test.ts',
  TEMPORAL_UNAVAILABLE: 'test/temporal/errors.test.ts',
  TEMPORAL_ACCESS_DENIED: 'test/temporal/errors.test.ts',
  TEMPORAL_REFUSED: 'test/temporal/errors.test.ts',
  NAMESPACE_UNKNOWN: 'test/e2e/temporal-errors.test.ts',
  SEARCH_ATTRIBUTES_MISSING: 'test/e2e/temporal-errors.test.ts',
  SEARCH_ATTRIBUTES_MISMATCHED: 'test/e2e/temporal-errors.test.ts',
  UPLOAD_UNKNOWN: 'test/e2e/temporal-errors.test.ts',
  CANCELLED: 'test/client',
  TERMINATED: 'test/client',
  WORKER_MISSING: 'test/e2e/versions.test.ts',
  PAYLOAD_UNREADABLE: 'test/e2e/encryption.test.ts',
  PAYLOAD_UNTRUSTED: 'test/e2e/forged.test.ts',
  ACTIVITY_FORBIDDEN: 'test/e2e/forged.test.ts',
  FILE_UNREADABLE: 'test/e2e/bad-input.test.ts',
  FILE_NAME_INVALID: 'test/files/data-files.test.ts',
  LINK_BROKEN: 'test/files/data-files.test.ts',
  FOLDER_UNREADABLE: 'test/files/data-files.test.ts',
  SOURCE_FORBIDDEN: 'test/e2e/sources.test.ts',
  SOURCE_REFUSED: 'test/e2e/sources.test.ts',
  SOURCE_UNREACHABLE: 'test/e2e/sources.test.ts',
  SOURCE_UNAVAILABLE: 'test/e2e/sources.test.ts',
  SOURCE_ANSWER_UNEXPECTED: 'test/e2e/sources.test.ts',
  SOURCE_SPOOL_LIMIT: 'test/e2e/sources.test.ts',
  SOURCE_SPOOL_FAILED: 'test/files',
  SOURCE_AWS_UNCONFIGURED: 'test/files',
  HOST_WITHOUT_WORKER: 'test/workflows',
  HOST_MISMATCH: 'test/activities',
  ANALYSIS_IN_PROGRESS: 'test/activities',
  START_NOT_SENT: 'test/activities',
  S3_BUCKET_REFUSED: 'test/activities and test/e2e/bad-input.test.ts',
  FILE_READ_FAILED: 'test/files',
  FILE_READ_STALLED: 'test/files',
  API_DELETED: 'test/aplos/v3/v3.test.ts',
  PRESIGN_AMBIGUOUS: 'test/aplos/form-fields.test.ts',
  LOGIN_FLOW_UNSUPPORTED: 'test/aplos/connection/cognito.test.ts',
  FILE_NOT_READY: 'test/activities/api-versions.test.ts',
  EXECUTION_PENDING: 'test/activities/awaitExecution.test.ts',
  EXECUTION_GONE: 'test/activities/awaitExecution.test.ts',
  EXECUTIONS_LIMITED: 'test/activities/startExecution.test.ts',
  ALLOCATION_TOO_SMALL: 'test/e2e/pace.test.ts',
  SECTION_UNSUPPORTED: 'test/activities/api-versions.test.ts',
  SUBSCRIPTION_RESTRICTED: 'test/aplos/v3/v3.test.ts',
  SUBSCRIPTION_EXPIRED: 'test/activities/api-versions.test.ts',
  SUBSCRIPTION_DISABLED: 'test/activities/api-versions.test.ts',
  BATCH_PENDING: 'test/activities/awaitBatch.test.ts',
  FILE_NOT_STORED: 'test/activities/confirmStoredFile.test.ts and test/e2e/analyze.test.ts',
  FILE_UNVERIFIED: 'test/activities/confirmStoredFile.test.ts and test/e2e/analyze.test.ts',
  RECEIPT_MISSING: 'test/e2e/records.test.ts',
  RECORD_UNWRITABLE: 'test/e2e/records.test.ts and test/archive',
  RECORD_CONFLICT: 'test/archive',
  RECORDS_UNREADABLE: 'test/archive',
  RESULTS_UNAVAILABLE: 'test/activities/fetchResults.test.ts',
  RESULTS_FORBIDDEN: 'test/activities/fetchResults.test.ts',
  RESULTS_DAMAGED: 'test/activities/fetchResults.test.ts',
  RESULTS_MISMATCHED: 'test/activities/fetchResults.test.ts',
  RESULTS_UNSAFE: 'test/activities/fetchResults.test.ts',
  RESULTS_NOT_ALLOWED: 'test/activities/fetchResults.test.ts and test/e2e/results.test.ts',
  RESULTS_EXIST: 'test/results/fetch-to-file.test.ts and test/results/fetch-to-bucket.test.ts',
  RESULTS_UNWRITABLE: 'test/results/fetch-to-file.test.ts and test/results/fetch-to-bucket.test.ts',
  WEBHOOK_FORBIDDEN: 'test/webhooks/sender.test.ts',
  WEBHOOK_REFUSED: 'test/webhooks/sender.test.ts',
  WEBHOOK_UNDELIVERED: 'test/webhooks/sender.test.ts',
  STEP_TIMED_OUT: 'test/workflows',
  INTERNAL: 'test/activities',
};

const sentences = (rows: readonly Row[]) =>
  rows.map((row): [string, Row] => [`${row.given} (${row.code})`, row]);

/** Returns the text of a test file, or of all test files in a folder. */
async function testsIn(path: string): Promise<string> {
  if (path.endsWith('.ts')) return readFile(path, 'utf8');
  const names = (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.test.ts'));
  return (await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')))).join('\n');
}

describe('the error table', () => {
  let world: World;
  let client: UploadClient;
  let env: NodeJS.ProcessEnv;
  let worker: RunningWorker;
  let uploads = 0;
  let faultsAtStart: readonly Fault[] = [];

  beforeAll(async () => {
    const refuseConfiguration = () => {
      for (const fault of faultsAtStart) world.sandbox.faults.add(fault);
      faultsAtStart = [];
      return undefined;
    };
    world = await startWorld({ endExecution: endAs, refuseConfiguration });
    client = await UploadClient.connect({ client: world.client });
    env = {
      APLOS_UPLOAD_SETTINGS: await writeProfiles(),
      APLOS_UPLOAD_ROOTS: world.folder,
      ...SHORT_LAG,
    };
    worker = await world.startWorker(env);
  });
  beforeEach(() => world.sandbox.faults.clear());
  afterAll(() => world?.stop());

  /** Many profiles of one account, so that each upload logs in separately. */
  async function writeProfiles(): Promise<string> {
    const { env } = world.sandbox;
    const passwordFile = await world.write('password', env.COGNITO_PASSWORD);
    await chmod(passwordFile, 0o600);
    const profile = (name: string) => `[profiles.${name}]
api_url = "${env.APLOS_API_URL}"
cognito_endpoint = "${env.COGNITO_ENDPOINT}"
user_name = "${env.COGNITO_USER_NAME}"
password_file = "${passwordFile}"
`;
    const names = Array.from({ length: 100 }, (_, index) => `account-${index + 1}`);
    return world.write('profiles.toml', names.map(profile).join('\n'));
  }

  async function ask({ faults = [], request, meanwhile, ...row }: Row) {
    const number = ++uploads;
    const path = await world.write(`upload-${number}.csv`, table(2_000 + number));
    const input: UploadRequestInput = {
      source: pathToFileURL(path).href,
      profile: `account-${number}`,
      executions: [{ label: 'only', configuration }],
      ...(await request?.(path)),
    };
    for (const fault of faults) world.sandbox.faults.add(fault);
    faultsAtStart = row.faultsAtStart ?? [];
    const seen = world.sandbox.calls.length;
    const handle = await client.start(input);
    if (meanwhile) {
      await expect
        .poll(() => world.sandbox.calls.slice(seen).some(({ route }) => route === 'upload'))
        .toBe(true);
      await meanwhile(path);
      world.sandbox.faults.clear();
    }
    return { path, input, handle };
  }

  const chargesOf = ({ fileName }: UploadHandle) =>
    world.sandbox.charges.filter(({ metaData }) => JSON.stringify(metaData).includes(`"${fileName}"`));

  async function expectWhole(receipt: Receipt, handle: UploadHandle, path: string): Promise<void> {
    expect((await world.sandbox.storedBytes(receipt.fileId ?? '')).equals(await readFile(path))).toBe(true);
    expect(chargesOf(handle).map(({ executionId }) => executionId)).toEqual(
      receipt.executions.map(({ executionId }) => executionId),
    );
    expect(receipt.executions).toHaveLength(1);
  }

  /** Returns the codes of failed attempts before a retry or another presign. */
  async function codesInHistory({ workflowId }: UploadHandle): Promise<(string | null | undefined)[]> {
    const { events } = await world.rawClient.workflow.getHandle(workflowId).fetchHistory();
    const failures = (events ?? []).map(
      ({ activityTaskStartedEventAttributes: started, activityTaskFailedEventAttributes: failed }) =>
        (started?.lastFailure ?? failed?.failure)?.applicationFailureInfo?.type,
    );
    return failures.filter(Boolean);
  }

  it.each(sentences(retried))(
    'retries the step, and starts one execution, given %s',
    async (_sentence, row) => {
      expect(errorTable[row.code].remedy).toMatch(/^retry/);
      const { handle, path } = await ask(row);
      const receipt = await handle.result();
      expect(await codesInHistory(handle)).toEqual(row.faults?.[0]?.route === 'start' ? [] : [row.code]);
      expect(receipt.presigns).toBe(1);
      await expectWhole(receipt, handle, path);
    },
  );

  it.each(sentences(presignedAgain))(
    'presigns again, and starts one execution, given %s',
    async (_sentence, row) => {
      expect(errorTable[row.code].remedy).toBe('presign-again');
      const { handle, path } = await ask(row);
      const receipt = await handle.result();
      expect(await codesInHistory(handle)).toEqual([row.code]);
      expect(receipt.presigns).toBe(2);
      await expectWhole(receipt, handle, path);
    },
  );

  it.each(sentences([...final, ...ends]))(
    'fails immediately with an action, and loses nothing, given %s',
    { tags: ['REQ-01', 'REQ-28'] },
    async (_sentence, row) => {
      expect(errorTable[row.code].remedy).toBe('final');
      const { handle, input, path } = await ask(row);
      const error = await handle.result().then(
        () => undefined,
        (failed: UploadFailedError) => failed,
      );
      expect(error?.code).toBe(row.code);
      expect(error?.message).toMatch(/\S\. [A-Z]/);
      expect(error?.message).not.toContain('\n');
      expect(chargesOf(handle)).toHaveLength(row.charged ?? 0);

      if (row.repeatable === undefined) return;
      world.sandbox.faults.clear();
      const again = await client.start(input);
      expect(again.workflowId).toBe(handle.workflowId);
      await expectWhole(await again.result(), again, path);
    },
  );

  it('records and accepts an ETag that is not an MD5', async () => {
    const { handle } = await ask({
      code: 'UPLOAD_CORRUPTED',
      given: '',
      faults: [{ route: 'upload', etag: '"0123-2"' }],
    });
    expect(await handle.result()).toMatchObject({ etag: '0123-2', etagIsMd5: false, presigns: 1 });
  });

  it(`retries the step, and starts one execution, given ${stalled.given} (${stalled.code})`, async () => {
    await worker.stop();
    await world.startWorker({ ...env, APLOS_UPLOAD_IDLE_TIMEOUT: '3' });
    expect(errorTable[stalled.code].remedy).toMatch(/^retry/);
    const { handle, path } = await ask(stalled);
    const receipt = await handle.result();
    expect(new Set(await codesInHistory(handle))).toEqual(new Set([stalled.code]));
    expect(receipt.presigns).toBe(1);
    await expectWhole(receipt, handle, path);
  });

  it('has a test for each code, here or elsewhere', { tags: ['REQ-28'] }, () => {
    const covered = [...retried, stalled, ...presignedAgain, ...final, ...ends].map(({ code }) => code);
    expect([...new Set([...covered, ...Object.keys(elsewhere)])].sort()).toEqual(
      Object.keys(errorTable).sort(),
    );
  });

  it('names only places that test the code', async () => {
    const wrong = [];
    for (const [code, places] of Object.entries(elsewhere))
      for (const place of places.split(' and '))
        if (!(await testsIn(place)).includes(code)) wrong.push(`${code}: ${place}`);
    expect(wrong).toEqual([]);
  });

  it('leaks no secret into a log or a history', { tags: ['REQ-22'] }, async () => {
    expect(world.log()).toContain('Activity failed');
    let searched = 0;
    for await (const { workflowId, runId } of world.rawClient.workflow.list()) {
      const history = bytesOf(await world.rawClient.workflow.getHandle(workflowId, runId).fetchHistory());
      for (const secret of world.sandbox.secrets)
        expect(history.includes(secret), `${workflowId} holds a secret`).toBe(false);
      searched += 1;
    }
    expect(searched).toBeGreaterThan(retried.length + final.length);
    for (const secret of world.sandbox.secrets)
      expect(world.log().includes(secret), 'the log holds a secret').toBe(false);
  });
});
