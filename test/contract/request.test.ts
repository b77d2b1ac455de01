import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import {
  type ExecutionRequest,
  parseUploadRequest,
  type UploadRequest,
  type UploadRequestInput,
  type uploadRequestSchema,
} from '../../src/contract/request.js';
import { workflowIdFor } from '../../src/contract/workflow-id.js';

const request = { source: 'file:///data/study-7/pk.csv' };
const configuration = { version: '1' };
const withFileName = (fileName: unknown) => ({ ...request, fileName });
const withExecutions = (...executions: unknown[]) => ({ ...request, executions });
const labelled = (...labels: (string | undefined)[]) =>
  withExecutions(...labels.map((label) => ({ configuration, ...(label === undefined ? {} : { label }) })));

const problemsOf = (input: unknown): string => {
  try {
    parseUploadRequest(input);
    return 'none';
  } catch (error) {
    expect(error).toMatchObject({ code: 'REQUEST_INVALID', retryable: false });
    return (error as { happened: string }).happened.replace('The upload request is not valid: ', '');
  }
};

describe('parseUploadRequest', { tags: ['REQ-26'] }, () => {
  it('requires only a source', () => {
    expect(parseUploadRequest(request)).toEqual({
      source: 'file:///data/study-7/pk.csv',
      fileName: 'pk.csv',
      profile: 'default',
      executions: [],
    });
  });

  it('returns a complete request unchanged', () => {
    const full = {
      source: 'file:///data/study-7/1.csv',
      fileName: 'pk.csv',
      profile: 'team',
      executions: [
        { label: 'day 1', configuration, metaData: 'study 7', dataProcessing: [1], postProcessing: null },
        {
          label: 'day 7',
          configuration: { version: '1', deep: [{ a: null }, true, 1.5] },
          metaData: { a: 1 },
        },
      ],
      expect: { sizeBytes: 0, sha256: 'a'.repeat(64) },
      requestedBy: 'jane@example.com',
      batch: 'study-7',
      otherBatches: ['study-6'],
      repeatOf: '01a2183f-0000-7000-8000-000000000000',
    } satisfies UploadRequestInput;
    expect(parseUploadRequest(full)).toEqual(full);
  });

  it('accepts a request that it has returned, because client and worker both validate it', () => {
    const checked = parseUploadRequest(labelled('day 1', undefined));
    expect(parseUploadRequest(checked)).toEqual(checked);
  });

  it.each<[what: string, input: unknown, problems: RegExp]>([
    ['nothing', undefined, /^request: /],
    ['null', null, /^request: /],
    ['text', 'file:///data/pk.csv', /^request: /],
    ['an empty source', { source: '' }, /^source: /],
    ['a source that is too long', { source: `file:///${'a'.repeat(4096)}` }, /^source: /],
    ['a source that is a path', { source: '/data/pk.csv' }, /^source: must be a URL, e\.g\. file:/],
    ['an unknown field', { ...request, excutions: [] }, /^request: .*excutions/],
    ['an empty profile', { ...request, profile: '' }, /^profile: /],
    ['a profile that is too long', { ...request, profile: 'p'.repeat(101) }, /^profile: /],
    ['an empty batch', { ...request, batch: '' }, /^batch: /],
    ['an empty batch among others', { ...request, otherBatches: ['a', ''] }, /^otherBatches\[1\]: /],
    [
      'too many other batches',
      { ...request, otherBatches: Array.from({ length: 101 }, () => 'a') },
      /^otherBatches: has more than 100 batches$/,
    ],
    ['an empty repeatOf', { ...request, repeatOf: '' }, /^repeatOf: /],
    ['a long requestedBy', { ...request, requestedBy: 'j'.repeat(201) }, /^requestedBy: /],
    ['an execution without configuration', withExecutions({}), /^executions\[0\]\.configuration: /],
    ['a configuration that is text', withExecutions({ configuration: '{}' }), /^executions\[0\]\.config/],
    ['a configuration that is an array', withExecutions({ configuration: [] }), /^executions\[0\]\.config/],
    ['a label that is empty', labelled('day 1', ''), /^executions\[1\]\.label: /],
    ['a label that is too long', labelled('l'.repeat(101)), /^executions\[0\]\.label: /],
    [
      'metadata in snake case',
      withExecutions({ configuration, meta_data: 1 }),
      /^executions\[0\]: .*meta_data/,
    ],
    ['101 executions', labelled(...Array(101).fill(undefined)), /^executions: /],
    ['a negative size', { ...request, expect: { sizeBytes: -1 } }, /^expect\.sizeBytes: /],
    ['a size with a fraction', { ...request, expect: { sizeBytes: 1.5 } }, /^expect\.sizeBytes: /],
    [
      'a SHA-256 in upper case',
      { ...request, expect: { sha256: 'A'.repeat(64) } },
      /^expect\.sha256: must be 64 lower-case hex digits$/,
    ],
    ['an MD5', { ...request, expect: { sha256: 'a'.repeat(32) } }, /^expect\.sha256: /],
    ['an unknown expectation', { ...request, expect: { md5: 'a' } }, /^expect: .*md5/],
  ])('rejects %s', (_what, input, problems) => {
    expect(problemsOf(input)).toMatch(problems);
  });

  it('lists every problem at once', () => {
    const problems = problemsOf({
      profile: 7,
      executions: [{}, { configuration: 1 }],
      expect: { sizeBytes: 'x' },
    });
    expect(problems.split('; ').map((problem) => problem.replace(/: .*/, ''))).toEqual([
      'source',
      'profile',
      'executions[0].configuration',
      'executions[1].configuration',
      'expect.sizeBytes',
    ]);
  });
});

describe('fileName', () => {
  it.each([
    ['file:///data/pk.csv', 'pk.csv'],
    ['file:///data/PK%20Study%C2%B77.CSV', 'PK Study·7.CSV'],
    ['https://example.com/files/pk.xpt?signature=x#y', 'pk.xpt'],
    ['s3://bucket/study/pk.sas7bdat', 'pk.sas7bdat'],
  ])('defaults to the last segment of the source %s', (source, fileName) => {
    expect(parseUploadRequest({ source }).fileName).toBe(fileName);
  });

  it.each(['pk.csv', 'Étude 7 – PK (final), v2.csv', '血漿濃度.csv', `${'n'.repeat(251)}.csv`])(
    'may be %j',
    (fileName) => {
      expect(parseUploadRequest(withFileName(fileName)).fileName).toBe(fileName);
    },
  );

  it.each<[unknown]>([
    ['a/pk.csv'],
    ['..\\pk.csv'],
    ['pk\n.csv'],
    ['pk\u0000.csv'],
    ['pk\u007f.csv'],
    ['pk\u0085.csv'],
    ['pk\r\nX-Evil: 1.csv'],
    ['pk\u2028.csv'],
    ['pk\u202evsc.exe.csv'],
    ['pk\u2067.csv'],
    ['pk\ud800.csv'],
    [''],
    [`${'n'.repeat(252)}.csv`],
    [7],
  ])('must not be %j', (fileName) => {
    expect(problemsOf(withFileName(fileName))).toMatch(/^fileName: /);
  });

  it.each([
    ['a folder', 'file:///'],
    ['an encoded path', 'file:///data/a%2Fpk.csv'],
    ['an encoded line break', 'file:///data/pk%0A.csv'],
  ])('does not default to the end of a source with %s', (_what, source) => {
    expect(problemsOf({ source })).toMatch(/^fileName: /);
  });

  it('does not default to the end of a source with a broken encoding', () => {
    expect(problemsOf({ source: 'file:///data/%E0%A4%A.csv' })).toMatch(/^source: /);
  });
});

describe('execution labels', () => {
  it.each([[[undefined, undefined, undefined]], [['day 1', 'day 7']], [['#2', 'x', undefined]]])(
    'may be %j',
    (labels) => {
      expect(parseUploadRequest(labelled(...labels)).executions).toHaveLength(labels.length);
    },
  );

  it.each([
    [['day 1', 'day 7', 'day 1'], 'executions[2].label: "day 1" is used more than once'],
    [['#2', undefined], 'executions[1].label: "#2" is used more than once'],
    [
      ['a', 'a', 'a'],
      'executions[1].label: "a" is used more than once; executions[2].label: "a" is used more than once',
    ],
  ])('must be unique, including the default labels: %j', (labels, problems) => {
    expect(problemsOf(labelled(...labels))).toBe(problems);
  });
});

describe('a source that Aplos already has', () => {
  const stored = {
    source: 'aplos:file/f-1',
    fileName: 'pk.csv',
    expect: { sha256: 'a'.repeat(64) },
    executions: [{ configuration: { version: '1' } }],
  };

  it('is the same work as an upload of the same bytes', () => {
    const { source, ...rest } = stored;
    const upload = parseUploadRequest({ ...rest, source: 'file:///data/pk.csv' });
    expect(workflowIdFor(parseUploadRequest(stored))).toBe(workflowIdFor(upload));
    const run = { workflowId: 'w', runId: 'r' };
    expect(workflowIdFor(parseUploadRequest({ ...stored, storedBy: run, correctionOf: run }))).toBe(
      workflowIdFor(upload),
    );
  });

  it.each([
    ['fileName', { fileName: undefined }],
    ['expect.sha256', { expect: undefined }],
    ['expect.sha256', { expect: { sizeBytes: 1 } }],
    ['executions', { executions: [] }],
    ['source', { source: 'aplos:f-1' }],
    ['host', { host: 'lab-1' }],
    ['storedBy', { source: 'file:///data/pk.csv', storedBy: { workflowId: 'w', runId: 'r' } }],
    ['storedBy.runId', { storedBy: { workflowId: 'w' } }],
  ])('is refused because of %s in %j', (path, change) => {
    expect(() => parseUploadRequest({ ...stored, ...change })).toThrow(`${path}: `);
  });
});

describe('host', () => {
  it('is converted to lower case', () => {
    expect(parseUploadRequest({ ...request, host: 'Lab-7.Example.COM' }).host).toBe('lab-7.example.com');
  });

  it.each([
    ['', 'must not be empty'],
    ['lab 7', 'must be the name of a host'],
    ['-lab', 'must be the name of a host'],
    ["lab'7", 'must be the name of a host'],
    ['../lab', 'must be the name of a host'],
    ['a'.repeat(254), 'has 254 characters, but at most 253 are allowed'],
  ])('must not be %j', (host, problem) => {
    expect(problemsOf({ ...request, host })).toContain(`host: ${problem}`);
  });

  it.each(['https://files.example.com/pk.csv', 's3://bucket/pk.csv'])(
    'is rejected for the source %s',
    (source) => {
      expect(problemsOf({ source, host: 'lab-7' })).toMatch(/^host: is only allowed with a file: source/);
    },
  );
});

describe('UploadRequestInput', () => {
  it('has the type of the schema', () => {
    type Output = z.output<typeof uploadRequestSchema>;
    type Validated = Omit<UploadRequest, 'fileName'>;
    const generated = (output: Output): Validated => output;
    const parsed = (output: Validated): Output => output;
    expect([generated, parsed]).toHaveLength(2);
    expectTypeOf<keyof Output>().toEqualTypeOf<keyof UploadRequestInput>();
    expectTypeOf<keyof Output['executions'][number]>().toEqualTypeOf<keyof ExecutionRequest>();
  });
});
