import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UploadError } from '../../src/contract/errors.js';
import { parseUploadRequest } from '../../src/contract/request.js';
import { REQUEST_LIMITS } from '../../src/contract/request-limits.js';
import { workflowIdFor } from '../../src/contract/workflow-id.js';

const source = 'file:///data/pk.csv';
const withConfiguration = (configuration: unknown) => ({ source, executions: [{ configuration }] });

/** Returns the problems of a request, or `none` if it is valid. */
function problemsOf(input: unknown): string {
  try {
    parseUploadRequest(input);
    return 'none';
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    expect(error.code).toBe('REQUEST_INVALID');
    return error.happened.replace('The upload request is not valid: ', '');
  }
}

/** Returns JSON text with this many nested levels. */
const nested = (levels: number, open: string, close: string) =>
  `${open.repeat(levels)}0${close.repeat(levels)}`;

describe('parseUploadRequest with untrusted input', () => {
  it('accepts any input or rejects it with REQUEST_INVALID', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, maxDepth: 6 }),
        (anything) => {
          expect(problemsOf(anything)).not.toBe('none');
          problemsOf(withConfiguration(anything));
          problemsOf({ source: anything, executions: anything, expect: anything });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('returns a JSON configuration unchanged, including unusual keys and texts', { tags: ['REQ-10'] }, () => {
    const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 6 });
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), json), (configuration) => {
        const text = JSON.stringify(withConfiguration(configuration));
        fc.pre(!text.includes('"__proto__"') && Object.keys(configuration).length > 0);
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
  ])('rejects 100,000 levels of %s without a stack overflow', (_what, text) => {
    const deep: unknown = JSON.parse(text);
    const problem = `request: is nested deeper than ${REQUEST_LIMITS.depth} levels`;
    expect(problemsOf(deep)).toBe(problem);
    expect(problemsOf(withConfiguration({ deep }))).toBe(problem);
    expect(problemsOf({ source, executions: deep })).toBe(problem);
  });

  it('accepts nesting up to the limit, and rejects one level more', () => {
    // The request, its executions, the execution and its configuration are four levels.
    const levels = REQUEST_LIMITS.depth - 4;
    const at = (depth: number) => withConfiguration({ deep: JSON.parse(nested(depth, '[', ']')) });
    expect(problemsOf(at(levels))).toBe('none');
    expect(problemsOf(at(levels + 1))).toMatch(/deeper/);
  });

  it('rejects a configuration that contains itself', () => {
    const configuration: Record<string, unknown> = {};
    configuration.a = configuration;
    configuration.b = configuration;
    expect(problemsOf(withConfiguration(configuration))).toMatch(/deeper/);
  });

  it('quickly rejects a configuration that contains the same values many times', () => {
    let laughs: unknown = 'ha';
    for (let level = 0; level < 50; level++) laughs = [laughs, laughs];
    expect(problemsOf(withConfiguration({ laughs }))).toBe('request: has more than 1,048,576 values');
  });

  it.each([
    ['text', { text: 'x'.repeat(REQUEST_LIMITS.bytes) }],
    ['keys', Object.fromEntries(Array.from({ length: 120_000 }, (_, index) => [`key ${index}`, 1]))],
    ['letters of three bytes', { text: '血'.repeat(REQUEST_LIMITS.bytes / 3) }],
    ['numbers', { numbers: Array(300_000).fill(1e21) }],
  ])(
    'rejects a configuration with too many bytes of %s, naming its size and the limit',
    (_what, configuration) => {
      expect(problemsOf(withConfiguration(configuration))).toMatch(
        /^request: is 1,\d\d\d,\d\d\d bytes as JSON, but at most 1,048,576 are allowed$/,
      );
    },
  );

  it('accepts a request of exactly the maximum size, and rejects one more byte', () => {
    const sized = (padding: number) => ({
      ...withConfiguration({ text: 'x'.repeat(padding) }),
      fileName: 'pk.csv',
      profile: 'default',
    });
    const room = REQUEST_LIMITS.bytes - JSON.stringify(sized(0)).length;
    expect(problemsOf(sized(room))).toBe('none');
    expect(problemsOf(sized(room + 1))).toMatch(/1,048,577 bytes/);
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
      (label: string) => ({ source, executions: [{ label, configuration: { day: 1 } }] }),
    ],
  ])('rejects a %s that is too long, naming its length and the limit', (path, maxLength, request) => {
    const prefix = path === 'source' ? 'file:///' : '';
    const sized = (length: number) => request(prefix.padEnd(length, 'a'));
    expect(problemsOf(sized(maxLength))).toBe('none');
    const [number, limit] = [maxLength + 1, maxLength].map((value) => value.toLocaleString('en'));
    expect(problemsOf(sized(maxLength + 1))).toBe(
      `${path}: has ${number} characters, but at most ${limit} are allowed`,
    );
  });

  it('rejects too many executions, naming their number', () => {
    const executions = Array.from({ length: 101 }, () => ({ configuration: {} }));
    expect(problemsOf({ source, executions })).toBe(
      'executions: has 101 executions, but at most 100 are allowed',
    );
  });

  it('limits names so that the workflow id fits into 1,000 bytes', () => {
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
    'rejects the name %j in every field',
    (odd) => {
      const problems = problemsOf({
        source: `file:///${odd}.csv`,
        fileName: odd,
        profile: odd,
        requestedBy: odd,
        batch: odd,
        executions: [{ label: odd, configuration: { day: 1 } }],
      });
      const paths = problems.split('; ').map((problem) => problem.replace(/: .*/s, ''));
      expect(new Set(paths)).toEqual(
        new Set(['source', 'fileName', 'profile', 'requestedBy', 'batch', 'executions[0].label']),
      );
    },
  );

  it.each(['😀 𝒳.csv', 'e\u0301.csv', 'ﷺ.csv', "it's; DROP TABLE.csv", '".csv', '%00.csv'])(
    'accepts the file name %j',
    (fileName) => {
      expect(parseUploadRequest({ source, fileName }).fileName).toBe(fileName);
    },
  );
});

describe('parseUploadRequest with an untrusted configuration', () => {
  it.each<[what: string, value: unknown, problem: string]>([
    ['NaN', Number.NaN, 'NaN is not a JSON number'],
    ['a number out of range', JSON.parse('1e400'), 'Infinity is not a JSON number'],
    ['a negative number out of range', JSON.parse('-1e400'), '-Infinity is not a JSON number'],
    ['undefined in an array', undefined, 'undefined is not JSON'],
    ['a bigint', 1n, 'bigint is not JSON'],
    ['a function', () => 1, 'function is not JSON'],
    ['a symbol', Symbol('a'), 'symbol is not JSON'],
    ['a date', new Date(0), 'a Date is not JSON'],
    ['a map', new Map([['a', 1]]), 'a Map is not JSON'],
    ['bytes', new Uint8Array(1), 'a Uint8Array is not JSON'],
  ])('rejects %s, naming its path', (_what, value, problem) => {
    expect(problemsOf(withConfiguration({ columns: { time: [1, value] } }))).toBe(
      `executions[0].configuration.columns.time[1]: ${problem}`,
    );
  });

  it.each([
    ['', '{"__proto__": {"admin": true}}'],
    ['.a[0]', '{"a": [{"__proto__": {"admin": true}}]}'],
    ['.constructor', '{"constructor": {"__proto__": 1}}'],
  ])('rejects the key __proto__ at "%s" without prototype pollution', (path, text) => {
    expect(problemsOf(withConfiguration(JSON.parse(text)))).toBe(
      `executions[0].configuration${path}: the key "__proto__" is not allowed`,
    );
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('rejects the key __proto__ outside of configurations', () => {
    const text = `{"source": "${source}", "__proto__": {"profile": "admin"}, "executions": [{"configuration": {}, "__proto__": {}}]}`;
    const problems = problemsOf(JSON.parse(text));
    expect(problems).toMatch(/^executions\[0\]: .*__proto__.*; request: .*__proto__/);
  });

  it('keeps keys that are harmless here, such as constructor', () => {
    const configuration = JSON.parse('{"constructor": {"prototype": {"a": 1}}, "toString": 1, "": {}}');
    const [execution] = parseUploadRequest(withConfiguration(configuration)).executions;
    expect(JSON.stringify(execution?.configuration)).toBe(JSON.stringify(configuration));
  });

  it('keeps the last of two values for the same key, as JSON.parse does', () => {
    const [execution] = parseUploadRequest(withConfiguration(JSON.parse('{"a": 1, "a": 2}'))).executions;
    expect(execution?.configuration).toEqual({ a: 2 });
  });

  it('accepts a key that is undefined, which JSON omits', () => {
    expect(problemsOf(withConfiguration({ tau: undefined }))).toBe('none');
  });
});

describe('parseUploadRequest with many problems', () => {
  it('lists the first 30 problems and the number of the others', () => {
    const executions = Array.from({ length: 100 }, () => ({ configuration: 1 }));
    const problems = problemsOf({ source, executions }).split('; ');
    expect(problems).toHaveLength(31);
    expect(problems[0]).toBe('executions[0].configuration: must be a JSON object');
    expect(problems[30]).toBe('and 70 more');
  });

  it('shortens problems with long keys', () => {
    expect(problemsOf({ source, ['k'.repeat(100_000)]: 1 }).length).toBeLessThan(400);
  });
});
