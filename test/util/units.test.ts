import { afterEach, describe, expect, it, vi } from 'vitest';
import { filterFrom } from '../../src/cli/input/filter.js';
import { table } from '../../src/cli/output/table.js';
import { queryFor } from '../../src/client/filter.js';
import { bytes, count, duration, milliseconds } from '../../src/util/units.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('numbers in words', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['2 m', 120_000],
    ['30', undefined],
    ['2 parsecs', undefined],
    ['-5s', undefined],
  ])('"%s" is %s milliseconds', (text, value) => expect(milliseconds(text)).toBe(value));

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [12_345, '12 kB'],
    [9_870_000, '9.9 MB'],
    [5_368_709_120, '5.4 GB'],
  ])('%i bytes are %s', (howMany, words) => expect(bytes(howMany)).toBe(words));

  it('count one thing as one', () => {
    expect([count(1, 'file'), count(5000, 'file')]).toEqual(['1 file', '5,000 files']);
    expect([duration(-5), duration(90_000), duration(7_200_000)]).toEqual(['0ms', '2m', '2h']);
  });
});

describe('a table', () => {
  it('is as wide as it needs to be, whatever the script', () => {
    expect(
      table([
        ['FILE', 'STATE'],
        ['血漿.csv', 'done'],
        ['a.csv', ''],
      ]),
    ).toEqual(['FILE      STATE', '血漿.csv  done', 'a.csv']);
  });
});

describe('what uploads options select', () => {
  it('is nothing where none is given', () => expect(filterFrom({})).toBeUndefined());

  it('is a query that the Temporal UI takes, too', () => {
    vi.useFakeTimers({ now: Date.parse('2026-01-31T12:00:00Z'), toFake: ['Date'] });
    const query = (options: Parameters<typeof filterFrom>[0]) => queryFor(filterFrom(options) ?? {});
    const all = "WorkflowType = 'uploadAnalysisFile'";
    const failed = "ExecutionStatus IN ('Failed', 'TimedOut')";
    expect(query({ batch: "jane's" })).toBe(`${all} AND AplosBatch = 'jane''s'`);
    expect(query({ running: true })).toBe(`${all} AND ExecutionStatus = 'Running'`);
    expect(query({ error: 'API_FORBIDDEN' })).toBe(
      `${all} AND ${failed} AND AplosErrorCode = 'API_FORBIDDEN'`,
    );
    expect(query({ failed: true, since: '2h' })).toBe(
      `${all} AND ${failed} AND (ExecutionStatus = 'Running' OR CloseTime >= '2026-01-31T10:00:00.000Z')`,
    );
    expect(query({ since: '2026-01-30' })).toContain("CloseTime >= '2026-01-30T00:00:00.000Z'");
  });

  it.each([
    [{ failed: true, running: true } as const, '--failed and --running cannot be combined'],
    [{ since: 'yesterday' }, '--since yesterday is neither'],
    [{ since: '2 parsecs' }, '--since 2 parsecs is neither'],
    [{ error: 'OOPS' }, '--error OOPS is not an error code'],
  ])('is refused with the reason: %j', (options, problem) => {
    expect(() => filterFrom(options)).toThrow(problem);
  });

  it('cannot be a batch with a quote that Temporal does not find', () => {
    expect(() => queryFor({ batch: 'a"b' })).toThrow(/Temporal cannot find it/);
  });
});
