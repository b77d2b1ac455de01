import { afterEach, describe, expect, it, vi } from 'vitest';
import { filterFrom } from '../../../src/cli/input/filter.js';
import { queryFor, type UploadFilter } from '../../../src/client/filter.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('filterFrom and queryFor', () => {
  it('return no filter if no option is set', () => expect(filterFrom({})).toBeUndefined());

  it('convert the options to a query of Temporal', () => {
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
  ])('reject %j', (options, problem) => {
    expect(() => filterFrom(options)).toThrow(problem);
  });

  it('reject a batch with a quote', () => {
    expect(() => queryFor({ batch: 'a"b' })).toThrow(/Temporal cannot search for the batch/);
  });

  it.each([
    [{ since: new Date('yesterday') }, 'since: must be a valid Date'],
    [{ since: '2026-01-31' }, 'since: must be a valid Date'],
    [{ state: 'nonsense' }, 'state: must be one of running, done, failed'],
    [{ state: 'constructor' }, 'state: must be one of running, done, failed'],
    [{ state: '' }, 'state: must be one of running, done, failed'],
  ])('refuses %j, which is no filter', (filter, problem) => {
    expect(() => queryFor(filter as UploadFilter)).toThrow(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        message: `The filter is not valid: ${problem}. Correct the field.`,
      }),
    );
  });
});
