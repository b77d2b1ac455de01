import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { workflowIdFor } from '../../src/client/workflow-id.js';
import { UploadError } from '../../src/contract/errors.js';
import { parseUploadRequest, REQUEST_LIMITS } from '../../src/contract/request.js';

const source = 'file:///data/pk.csv';
const withConfiguration = (configuration: unknown) => ({ source, executions: [{ configuration }] });

/** What a request is refused with; the text `taken` where it is not. */
function refusalOf(input: unknown): string {
  try {
    parseUploadRequest(input);
    return 'taken';
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    expect(error.code).toBe('REQUEST_INVALID');
    return error.happened.replace('The upload request is not valid: ', '');
  }
}

/** A text of JSON that is nested so many levels deep, within itself. */
const nested = (levels: number, open: string, close: string) =>
  `${open.repeat(levels)}0${close.repeat(levels)}`;

describe('a request from a stranger', () => {
  it('is taken or refused with its code, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, maxDepth: 6 }),
        (anything) => {
          expect(refusalOf(anything)).not.toBe('taken');
          refusalOf(withConfiguration(anything));
          refusalOf({ source: anything, executions: anything, expect: anything });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('comes back as it was sent where its configuration is JSON, odd keys and texts included', () => {
    const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 6 });
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), json), (configuration) => {
        const text = JSON.stringify(withConfiguration(configuration));
        fc.pre(!text.includes('"__proto__"'));
        const [execution] = parseUploadRequest(JSON.parse(text)).executions;
        expect(JSON.stringify(execution?.configuration)).toBe(JSON.stringify(configuration));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['arrays', nested(100_000, '[', ']')],
    ['objects', nested(100_000, '{"a":', '}')],
    ['both', nested(50_000, '[{"":', '}]')],
  ])('is refused, and overflows no stack, with 100,000 levels of %s', (_what, text) => {
    const deep: unknown = JSON.parse(text);
    const problem = `request: is nested deeper than ${REQUEST_LIMITS.depth} levels`;
    expect(refusalOf(deep)).toBe(problem);
    expect(refusalOf(withConfiguration({ deep }))).toBe(problem);
    expect(refusalOf({ source, executions: deep })).toBe(problem);
  });

  it('may be nested to the limit, and not one level more', () => {
    // The request, its executions, the execution and its configuration are four levels.
    const levels = REQUEST_LIMITS.depth - 4;
    const at = (depth: number) => withConfiguration({ deep: JSON.parse(nested(depth, '[', ']')) });
    expect(refusalOf(at(levels))).toBe('taken');
    expect(refusalOf(at(levels + 1))).toMatch(/deeper/);
  });

  it('is refused where it holds itself', () => {
    const configuration: Record<string, unknown> = {};
    configuration.a = configuration;
    configuration.b = configuration;
    expect(refusalOf(withConfiguration(configuration))).toMatch(/deeper/);
  });

  it('is refused in a moment where it holds the same values over and over', () => {
    let laughs: unknown = 'ha';
    for (let level = 0; level < 50; level++) laughs = [laughs, laughs];
    expect(refusalOf(withConfiguration({ laughs }))).toBe('request: has more than 1,048,576 values');
  });

  it.each([
    ['text', { text: 'x'.repeat(REQUEST_LIMITS.bytes) }],
    ['keys', Object.fromEntries(Array.from({ length: 120_000 }, (_, index) => [`key ${index}`, 1]))],
    ['letters of three bytes', { text: '血'.repeat(REQUEST_LIMITS.bytes / 3) }],
    ['numbers', { numbers: Array(300_000).fill(1e21) }],
  ])('is refused with its size and the limit where its %s are too many bytes', (_what, configuration) => {
    expect(refusalOf(withConfiguration(configuration))).toMatch(
      /^request: is 1,\d\d\d,\d\d\d bytes as JSON, but at most 1,048,576 are allowed$/,
    );
  });

  it('may be as large as the limit, to the byte', () => {
    const sized = (padding: number) => ({
      ...withConfiguration({ text: 'x'.repeat(padding) }),
      fileName: 'pk.csv',
      profile: 'default',
    });
    const room = REQUEST_LIMITS.bytes - JSON.stringify(sized(0)).length;
    expect(refusalOf(sized(room))).toBe('taken');
    expect(refusalOf(sized(room + 1))).toMatch(/1,048,577 bytes/);
  });

  it.each([
    ['source', REQUEST_LIMITS.source, (text: string) => ({ source: text, fileName: 'pk.csv' })],
    ['fileName', REQUEST_LIMITS.fileName, (fileName: string) => ({ source, fileName })],
    ['profile', REQUEST_LIMITS.profile, (profile: string) => ({ source, profile })],
    ['requestedBy', REQUEST_LIMITS.requestedBy, (requestedBy: string) => ({ source, requestedBy })],
    ['batch', REQUEST_LIMITS.batch, (batch: string) => ({ source, batch })],
    [
      'executions[0].label',
      REQUEST_LIMITS.label,
      (label: string) => ({ source, executions: [{ label, configuration: {} }] }),
    ],
  ])('is refused with the number and the limit where its %s is too long', (path, most, request) => {
    const prefix = path === 'source' ? 'file:///' : '';
    const sized = (length: number) => request(prefix.padEnd(length, 'a'));
    expect(refusalOf(sized(most))).toBe('taken');
    const [number, limit] = [most + 1, most].map((value) => value.toLocaleString('en'));
    expect(refusalOf(sized(most + 1))).toBe(
      `${path}: has ${number} characters, but at most ${limit} are allowed`,
    );
  });

  it('is refused with their number where there are too many executions', () => {
    const executions = Array.from({ length: 101 }, () => ({ configuration: {} }));
    expect(refusalOf({ source, executions })).toBe(
      'executions: has 101 executions, but at most 100 are allowed',
    );
  });

  it('has a workflow id that Temporal takes, however long its names', () => {
    const id = workflowIdFor(
      parseUploadRequest({
        source,
        fileName: '血'.repeat(REQUEST_LIMITS.fileName),
        profile: '血'.repeat(REQUEST_LIMITS.profile),
      }),
    );
    expect(Buffer.byteLength(id)).toBeLessThanOrEqual(1000);
  });

  it.each(['a\nb', 'a\u0000', 'a\u007f', 'a\u0085b', '\u001b[31m', '\ud800', 'a\udc00b'])(
    'is refused where a name is %j',
    (odd) => {
      const problems = refusalOf({
        source: `file:///${odd}.csv`,
        fileName: odd,
        profile: odd,
        requestedBy: odd,
        batch: odd,
        executions: [{ label: odd, configuration: {} }],
      });
      const paths = problems.split('; ').map((problem) => problem.replace(/: .*/s, ''));
      expect(new Set(paths)).toEqual(
        new Set(['source', 'fileName', 'profile', 'requestedBy', 'batch', 'executions[0].label']),
      );
    },
  );

  it.each(['😀 𝒳.csv', 'e\u0301.csv', 'ﷺ.csv', "it's; DROP TABLE.csv", '".csv', '%00.csv'])(
    'may have the name %j',
    (fileName) => {
      expect(parseUploadRequest({ source, fileName }).fileName).toBe(fileName);
    },
  );
});

describe('a configuration from a stranger', () => {
  it.each<[what: string, value: unknown, problem: string]>([
    ['NaN', Number.NaN, 'NaN is not a JSON number'],
    ['a number out of range', JSON.parse('1e400'), 'Infinity is not a JSON number'],
    ['a negative one', JSON.parse('-1e400'), '-Infinity is not a JSON number'],
    ['undefined in an array', undefined, 'undefined is not JSON'],
    ['a bigint', 1n, 'bigint is not JSON'],
    ['a function', () => 1, 'function is not JSON'],
    ['a symbol', Symbol('a'), 'symbol is not JSON'],
    ['a date', new Date(0), 'a Date is not JSON'],
    ['a map', new Map([['a', 1]]), 'a Map is not JSON'],
    ['bytes', new Uint8Array(1), 'a Uint8Array is not JSON'],
  ])('is refused by its path with %s', (_what, value, problem) => {
    expect(refusalOf(withConfiguration({ columns: { time: [1, value] } }))).toBe(
      `executions[0].configuration.columns.time[1]: ${problem}`,
    );
  });

  it.each([
    ['', '{"__proto__": {"admin": true}}'],
    ['.a[0]', '{"a": [{"__proto__": {"admin": true}}]}'],
    ['.constructor', '{"constructor": {"__proto__": 1}}'],
  ])('is refused, and pollutes nothing, with the key __proto__ at "%s"', (path, text) => {
    expect(refusalOf(withConfiguration(JSON.parse(text)))).toBe(
      `executions[0].configuration${path}: the key "__proto__" is not allowed`,
    );
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('is refused with the key __proto__ outside of configurations too', () => {
    const text = `{"source": "${source}", "__proto__": {"profile": "admin"}, "executions": [{"configuration": {}, "__proto__": {}}]}`;
    const problems = refusalOf(JSON.parse(text));
    expect(problems).toMatch(/^executions\[0\]: .*__proto__.*; request: .*__proto__/);
  });

  it('keeps keys that only look dangerous', () => {
    const configuration = JSON.parse('{"constructor": {"prototype": {"a": 1}}, "toString": 1, "": {}}');
    const [execution] = parseUploadRequest(withConfiguration(configuration)).executions;
    expect(JSON.stringify(execution?.configuration)).toBe(JSON.stringify(configuration));
  });

  it('has the last of two values for the same key, as JSON.parse gives it', () => {
    const [execution] = parseUploadRequest(withConfiguration(JSON.parse('{"a": 1, "a": 2}'))).executions;
    expect(execution?.configuration).toEqual({ a: 2 });
  });

  it('may leave a key undefined, which JSON leaves out', () => {
    expect(refusalOf(withConfiguration({ tau: undefined }))).toBe('taken');
  });
});

describe('a request with very many problems', () => {
  it('is refused with the first thirty, and the number of the others', () => {
    const executions = Array.from({ length: 100 }, () => ({ configuration: 1 }));
    const problems = refusalOf({ source, executions }).split('; ');
    expect(problems).toHaveLength(31);
    expect(problems[0]).toBe('executions[0].configuration: must be a JSON object');
    expect(problems[30]).toBe('and 70 more');
  });

  it('is refused in few words, however long its keys', () => {
    expect(refusalOf({ source, ['k'.repeat(100_000)]: 1 }).length).toBeLessThan(400);
  });
});
