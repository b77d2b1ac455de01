import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AplosApi } from '../../src/aplos/api.js';
import { type ErrorCode, errorTable, UploadError } from '../../src/contract/errors.js';
import { Secret } from '../../src/util/secret.js';
import { apiOf, idToken, tokens } from '../support/fake-aplos.js';
import { bodyOf, httpServer } from '../support/s3-servers.js';

const MIB = 1024 * 1024;
const HALF = '\\ud83d'; // as it is written in JSON: half of a surrogate pair

const FIELDS = { key: 'uploads/pk.csv', policy: 'p', 'x-amz-signature': 's' };
const FILE = { id: 'f1' };
const PRESIGNED = { url: 'https://bucket.s3.amazonaws.com/', fields: FIELDS, expires_in: 3600 };
const EXECUTION = { execution_id: 'e1', status: 'queuing', errors: [] };

const presign = (api: AplosApi) => api.presignUpload('pk.csv');
const file = (api: AplosApi) => api.fileState('f1');
const start = (api: AplosApi) =>
  api.startExecution({
    file: { fileId: 'f1', bucket: 'b', key: 'k' },
    label: 'day 1',
    execution: { configuration: {} },
    work: { trackingId: 't1' },
  });
const execution = (api: AplosApi) => api.execution('e1');
const list = (api: AplosApi) => api.listExecutions();

/** What a server does with a response: sends text as JSON, or whatever a function does. */
type Answer = string | ((response: ServerResponse) => unknown);
type Kind = [what: string, answer: Answer, code: ErrorCode, isFinal: boolean];

const json = (value: unknown) => JSON.stringify(value);
const withStatus =
  (status: number, body = '') =>
  (response: ServerResponse) =>
    response.writeHead(status).end(body);
const presignedWith = (changes: object) => json({ file: FILE, presigned: { ...PRESIGNED, ...changes } });
const fieldsWith = (fields: object) => presignedWith({ fields: { ...FIELDS, ...fields } });
/** Replaces the text "VALUE" by raw JSON that `JSON.stringify` would not write. */
const raw = (text: string, value: string) => text.replace('"VALUE"', value);
const manyFields = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'v'.repeat(length)]));

/** Lets the time limit of the calls in progress pass. */
let passTimeLimit = () => {};

/** Sends a byte now and then, for ever. */
const drip = async (response: ServerResponse) => {
  response.writeHead(200);
  for (let sent = 0; !response.destroyed; sent++) {
    response.write(' ');
    await sleep(20);
    if (sent === 5) passTimeLimit();
  }
};

const silence = () => passTimeLimit();

/** Sends as much as the client reads, up to 500 MB. */
const flood = (status: number, text: string) => (response: ServerResponse) => {
  const chunk = Buffer.from(text.repeat(Math.ceil(MIB / text.length)));
  response.writeHead(status);
  let sent = 0;
  const more = () => {
    while (sent++ < 500) if (!response.write(chunk)) return;
    response.end();
  };
  response.on('drain', more);
  more();
};

const UNEXPECTED = 'API_ANSWER_UNEXPECTED';
const impossible = (what: string, answer: Answer): Kind => [what, answer, UNEXPECTED, true];
const otherShape = (what: string, answer: Answer): Kind => [what, answer, UNEXPECTED, false];
const broken = (what: string, answer: Answer): Kind => [what, answer, 'API_ANSWER_BROKEN', false];

/** Values that are no ID, state or status. `write` puts one into a response. */
const hostileTexts = (what: string, maxLength: number, write: (value: unknown) => string): Kind[] => [
  impossible(`${what} that is one character too long`, write('x'.repeat(maxLength + 1))),
  impossible(`${what} of 100,000 characters`, write('x'.repeat(100_000))),
  impossible(`${what} with half of a surrogate pair`, raw(write('VALUE'), `"a${HALF}"`)),
  impossible(`${what} with a line break`, write('a\nb')),
  impossible(`${what} with an escape character`, write('a\u001b[31m')),
  otherShape(`${what} that is empty`, write('')),
  otherShape(`${what} that is a number`, write(7)),
  otherShape(`${what} that is an object`, write({ toString: 'x' })),
  otherShape(`${what} that is a list of 10,000 numbers`, write(Array(10_000).fill(0))),
];

const kinds: Record<string, { call: (api: AplosApi) => Promise<unknown>; kinds: Kind[] }> = {
  presign: {
    call: presign,
    kinds: [
      ...hostileTexts('a file ID', 255, (id) => json({ file: { id }, presigned: PRESIGNED })),
      impossible('a file ID that leads up', json({ file: { id: '..' }, presigned: PRESIGNED })),
      ...hostileTexts('a bucket', 255, (bucket_name) =>
        json({ s3: { bucket_name, object_key: 'k' }, presigned: PRESIGNED }),
      ),
      impossible(
        'a key of more than 1,024 bytes',
        json({ s3: { bucket_name: 'b', object_key: 'é'.repeat(600) }, presigned: PRESIGNED }),
      ),
      impossible('a URL of 2,049 characters', presignedWith({ url: `https://b/${'x'.repeat(2039)}` })),
      impossible('a URL with a line break', presignedWith({ url: 'https://bucket.s3.amazonaws.com/\n' })),
      otherShape('a URL that is none', presignedWith({ url: 'bucket' })),
      otherShape('a URL that is null', presignedWith({ url: null })),
      impossible('101 fields', presignedWith({ fields: manyFields(101, 1) })),
      impossible('a field of 20 KiB', fieldsWith({ policy: 'p'.repeat(20 * 1024) })),
      impossible('fields of more than 20 KiB in total', presignedWith({ fields: manyFields(50, 500) })),
      impossible('a field with half of a surrogate pair', raw(fieldsWith({ a: 'VALUE' }), `"${HALF}"`)),
      impossible('a field with a line break', fieldsWith({ policy: 'a\r\nb' })),
      impossible('a field whose name has a line break', fieldsWith({ 'a\r\nb': 'c' })),
      impossible('a field whose name has a quote', fieldsWith({ 'a"; filename="b': 'c' })),
      impossible('a field with an empty name', fieldsWith({ '': 'c' })),
      impossible('a field "__proto__"', raw(fieldsWith({ a: 'VALUE' }), '"b", "__proto__": "c"')),
      otherShape('a field that is an object', fieldsWith({ policy: { toString: 'x' } })),
      otherShape('a field that is null', fieldsWith({ policy: null })),
      otherShape('fields that are a list', presignedWith({ fields: ['key'] })),
      otherShape('fields that are null', presignedWith({ fields: null })),
      otherShape('no fields', presignedWith({ fields: undefined })),
      impossible('an expiry of 0', presignedWith({ expires_in: 0 })),
      impossible('a negative expiry', presignedWith({ expires_in: -3600 })),
      impossible('an expiry of 1e308', presignedWith({ expires_in: 1e308 })),
      impossible('an expiry beyond the largest number', raw(presignedWith({ expires_in: 'VALUE' }), '1e999')),
      impossible('an expiry of a year', presignedWith({ expires_in: 366 * 24 * 3600 })),
      otherShape('an expiry of NaN', presignedWith({ expires_in: 'NaN' })),
      broken('an expiry that is not JSON', raw(presignedWith({ expires_in: 'VALUE' }), 'NaN')),
      otherShape('an expiry of null', presignedWith({ expires_in: null })),
      impossible('200 KiB', json({ file: FILE, presigned: PRESIGNED, message: 'x'.repeat(200 * 1024) })),
      impossible('as much as the client reads', flood(200, ' ')),
    ],
  },
  'the state of a file': {
    call: file,
    kinds: [
      ...hostileTexts('a state', 100, (workable_state) => json({ workable_state, errors: [] })),
      otherShape('errors that are a text', json({ workable_state: 'invalid', errors: 'all of it' })),
      impossible('a million errors', json({ workable_state: 'invalid', errors: Array(1_000_000).fill(0) })),
      impossible('brackets without an end', '['.repeat(MIB)),
      impossible('as much as the client reads', flood(200, '[')),
    ],
  },
  'a start': {
    call: start,
    kinds: [
      ...hostileTexts('an execution ID', 255, (execution_id) => json({ execution_id, status: 'queuing' })),
      ...hostileTexts('a status', 100, (status) => json({ execution_id: 'e1', status })),
      impossible('2 MiB', json({ ...EXECUTION, message: 'x'.repeat(2 * MIB) })),
      impossible('an ID below 501 levels', `${'{"a":'.repeat(501)}"e1"${'}'.repeat(501)}`),
      otherShape('an ID in "__proto__"', '{"__proto__": {"execution_id": "e1", "status": "queuing"}}'),
      broken('half of the JSON', json(EXECUTION).slice(0, -3)),
      broken('a page', '<html>Maintenance</html>'),
      broken('nothing', ''),
      broken('a byte order mark', `\ufeff${json(EXECUTION)}`),
      broken('bytes that are no text', (response) => response.end(Buffer.alloc(1000, 0xff))),
      broken('gzip that nobody asked for', (response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from('1f8b08000000', 'hex')),
      ),
      otherShape('null', 'null'),
      otherShape('a number', '1e308'),
      otherShape('a list', '[]'),
    ],
  },
  'an execution': {
    call: execution,
    kinds: [
      ...hostileTexts('an execution ID', 255, (execution_id) => json({ ...EXECUTION, execution_id })),
      ...hostileTexts('a status', 100, (status) => json({ ...EXECUTION, status })),
      impossible('5 MiB', json({ ...EXECUTION, meta_data: 'x'.repeat(5 * MIB) })),
    ],
  },
  'the list of executions': {
    call: list,
    kinds: [
      ...hostileTexts('an execution ID', 255, (execution_id) =>
        json({ items: [EXECUTION, { ...EXECUTION, execution_id }] }),
      ),
      impossible('20 MiB of brackets', '['.repeat(20 * MIB)),
      impossible('20 MiB of empty objects', `{"items":[${'{},'.repeat(7 * MIB)}{}]}`),
      impossible(
        '20 MiB of empty lists as metadata',
        raw(json({ items: [{ ...EXECUTION, meta_data: 'VALUE' }] }), `[${'[],'.repeat(7 * MIB)}[]]`),
      ),
      impossible(
        'metadata below 501 levels',
        raw(json({ items: [{ ...EXECUTION, meta_data: 'VALUE' }] }), '['.repeat(501) + ']'.repeat(501)),
      ),
      otherShape('a million numbers', json({ items: Array(1_000_000).fill(1) })),
      otherShape('items that are an object', json({ items: { length: 1e9 } })),
      impossible('more than 64 MiB', flood(200, `"${'x'.repeat(1000)}",`)),
    ],
  },
  'any call': {
    call: list,
    kinds: [
      ['status 500 with as much as the client reads', flood(500, '['), 'API_UNAVAILABLE', false],
      [
        'status 429 with a million errors',
        withStatus(429, json({ errors: Array(1_000_000).fill(1) })),
        'API_THROTTLED',
        false,
      ],
      [
        'status 400 with a long message',
        withStatus(400, json({ message: 'x y '.repeat(10_000) })),
        'API_REFUSED',
        true,
      ],
      [
        'status 400 with half of a surrogate pair',
        withStatus(400, `{"message": "a${HALF}b"}`),
        'API_REFUSED',
        true,
      ],
      ['status 400 with brackets', withStatus(400, '['.repeat(MIB)), 'API_REFUSED', true],
      ['status 418 with an HTML page', withStatus(418, '<html>'), 'API_REFUSED', true],
      [
        'a redirect',
        (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
        'API_REFUSED',
        true,
      ],
      ['status 599', withStatus(599), 'API_UNAVAILABLE', false],
      [
        'a wait of 1e300 seconds',
        (response) => response.writeHead(429, { 'retry-after': '1e300' }).end(),
        'API_THROTTLED',
        false,
      ],
      ['a byte now and then', drip, 'API_UNREACHABLE', false],
      ['nothing, ever', silence, 'API_UNREACHABLE', false],
      ['a dropped connection', (response) => response.destroy(), 'API_UNREACHABLE', false],
      [
        'a response that ends early',
        (response) => response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy()),
        'API_UNREACHABLE',
        false,
      ],
      [
        'headers without an end',
        (response) => response.socket?.write(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(20_000)}`),
        'API_UNREACHABLE',
        false,
      ],
      ['no HTTP', (response) => response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'), 'API_UNREACHABLE', false],
    ],
  },
};

const loginWith = (changes: object) =>
  json({
    AuthenticationResult: {
      ...(tokens() as { AuthenticationResult: object }).AuthenticationResult,
      ...changes,
    },
  });
const claims = (changes: object) =>
  loginWith({
    IdToken: idToken({ 'custom:aplos_user_id': 'u', 'custom:aplos_user_tenant_id': 't', ...changes }),
  });
const refusedLogin = (type: string, message = 'no') => withStatus(400, json({ __type: type, message }));

const logins: [what: string, answer: Answer, code: ErrorCode][] = [
  ['a token of 20,000 characters', loginWith({ IdToken: 'x'.repeat(20_000) }), 'LOGIN_UNEXPECTED'],
  ['a token with a line break', loginWith({ IdToken: `${idToken()}\r\nX-A: b` }), 'LOGIN_UNEXPECTED'],
  ['a token that is a number', loginWith({ IdToken: 7 }), 'LOGIN_UNEXPECTED'],
  ['a lifetime of 1e308', loginWith({ ExpiresIn: 1e308 }), 'LOGIN_UNEXPECTED'],
  ['a negative lifetime', loginWith({ ExpiresIn: -1 }), 'LOGIN_UNEXPECTED'],
  [
    'a user ID of 10,000 characters',
    claims({ 'custom:aplos_user_id': 'u'.repeat(10_000) }),
    'LOGIN_UNEXPECTED',
  ],
  ['a tenant ID with a line break', claims({ 'custom:aplos_user_tenant_id': 'a\nb' }), 'LOGIN_UNEXPECTED'],
  ['a tenant ID that leads up', claims({ 'custom:aplos_user_tenant_id': '..' }), 'LOGIN_UNEXPECTED'],
  [
    'a token of nested brackets',
    loginWith({ IdToken: `a.${Buffer.from('['.repeat(10_000)).toString('base64url')}.c` }),
    'LOGIN_UNEXPECTED',
  ],
  ['as much as the client reads', flood(200, '['), 'LOGIN_UNEXPECTED'],
  ['brackets', '['.repeat(10_000), 'LOGIN_UNAVAILABLE'],
  ['a challenge of 10,000 characters', json({ ChallengeName: 'x y '.repeat(2_500) }), 'LOGIN_CHALLENGE'],
  ['an error "__proto__"', refusedLogin('__proto__'), 'LOGIN_UNEXPECTED'],
  ['an error "constructor"', refusedLogin('constructor'), 'LOGIN_UNEXPECTED'],
  ['an error of 10,000 characters', refusedLogin('x y '.repeat(2_500)), 'LOGIN_UNEXPECTED'],
  ['status 500 with as much as the client reads', flood(500, '['), 'LOGIN_UNAVAILABLE'],
  ['a byte now and then', drip, 'LOGIN_UNAVAILABLE'],
];

const discoveries: [what: string, answer: Answer, code: ErrorCode][] = [
  ['as much as the client reads', flood(200, '['), UNEXPECTED],
  ['brackets', '['.repeat(100_000), UNEXPECTED],
  ['a page', '<html>', UNEXPECTED],
  ['a byte now and then', drip, 'API_UNREACHABLE'],
];

/** Starts a server that answers the discovery, the login and every other call. */
async function hostileService(answers: { discovery?: Answer; login?: Answer; call?: Answer }) {
  if (Object.values(answers).some((each) => each === drip || each === silence)) endOnDemand();
  const url = await httpServer(async (request, response) => {
    await bodyOf(request);
    const route = request.url === '/' ? 'login' : request.url === '/app/configuration' ? 'discovery' : 'call';
    const answer = answers[route] ?? (route === 'login' ? json(tokens()) : 'null');
    if (typeof answer === 'string') response.end(answer);
    else await answer(response);
  });
  const api = apiOf({
    apiUrl: url.replace(/\/$/, ''),
    apiVersion: 'v1',
    startBody: 'v3',
    lookBackMs: 1,
    userName: 'jane@example.com',
    password: new Secret('right'),
    ...(answers.discovery === undefined ? { clientId: 'client' } : {}),
    cognitoEndpoint: url,
  });
  return api;
}

/** Returns the peak memory of this process in bytes. */
const peakMemory = () => process.resourceUsage().maxRSS * 1024;

async function failureOf(work: Promise<unknown>): Promise<UploadError> {
  const error: unknown = await work.then(
    () => expect.fail('The response was accepted'),
    (caught: unknown) => caught,
  );
  if (!(error instanceof UploadError)) throw error;
  expect(error.message.length).toBeLessThan(1_000);
  expect(error.message).toMatch(/^[^\p{Cc}\p{Cs}]+$/u);
  return error;
}

/** Whole calls end after 60 s. Here, those that never end do when the server says so. */
function endOnDemand(): void {
  const limits: AbortController[] = [];
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    const limit = new AbortController();
    limits.push(limit);
    return limit.signal;
  });
  passTimeLimit = () => {
    for (const limit of limits) limit.abort(new DOMException('It took too long', 'TimeoutError'));
  };
}
afterEach(() => {
  vi.restoreAllMocks();
});

describe('Aplos', () => {
  const peakBefore = peakMemory();
  const all = Object.entries(kinds).flatMap(([what, { call, kinds: ofCall }]) =>
    ofCall.map(([answered, answer, code, isFinal]) => ({
      title: `${what} with ${answered}`,
      call,
      answer,
      code,
      isFinal,
    })),
  );

  it.each(all)('that answers $title causes $code', async ({ call, answer, code, isFinal }) => {
    const api = await hostileService({ call: answer });

    const error = await failureOf(call(api));

    expect(error.code).toBe(code);
    expect(error.remedy).toBe(isFinal ? 'final' : errorTable[code].remedy);
  });

  it('cannot make a client take more than 500 MB', () => {
    expect(peakMemory() - peakBefore).toBeLessThan(500 * MIB);
  });

  it('can answer in more than 80 hostile ways', () => {
    expect(new Set(all.map(({ title }) => title)).size).toBeGreaterThan(80);
  });
});

describe('Cognito', () => {
  it.each(logins)('that answers %s causes one code', async (_what, login, code) => {
    const api = await hostileService({ login });

    expect((await failureOf(list(api))).code).toBe(code);
  });
});

describe('a host', () => {
  it.each(discoveries)('whose configuration is %s causes one code', async (_what, discovery, code) => {
    const api = await hostileService({ discovery });

    expect((await failureOf(list(api))).code).toBe(code);
  });
});
