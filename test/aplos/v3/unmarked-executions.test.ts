import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ExecutionRecord, Work } from '../../../src/aplos/api.js';
import { UnmarkedExecutions } from '../../../src/aplos/v3/unmarked-executions.js';
import { type ErrorCode, UploadError } from '../../../src/contract/errors.js';

const trackingId = '0123456789abcdef0123456789abcdef';
const record = (executionId: string, more: Partial<ExecutionRecord> = {}): ExecutionRecord => ({
  executionId,
  status: 'succeeded',
  errors: [],
  hasMarks: true,
  ...more,
});
const many = (count: number) => Array.from({ length: count }, (_, index) => record(`e${index}`));

/** Returns executions whose requests are returned, or fail with the code that the function returns. */
function executionsWith(codeOf: (executionId: string) => ErrorCode | undefined) {
  const read: string[] = [];
  const executions = new UnmarkedExecutions(async (executionId): Promise<Work | undefined> => {
    read.push(executionId);
    const code = codeOf(executionId);
    if (code) throw new UploadError(code, 'refused');
    return { trackingId };
  });
  return { executions, read };
}

function stopClock() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
}

describe('UnmarkedExecutions', () => {
  it.each<[what: string, more: Partial<ExecutionRecord>]>([
    ['no name', { hasMarks: false }],
    ['a name that Aplos gave, or has cut, or that a person chose', { hasMarks: true }],
  ])('recognizes an execution with %s by its request, with one call', async (_what, more) => {
    const { executions, read } = executionsWith(() => undefined);
    for (const _ of [1, 2])
      expect(await executions.recognize([record('e1', more)])).toEqual([
        record('e1', { work: { trackingId } }),
      ]);
    expect(read).toEqual(['e1']);
  });

  it('makes no call for an execution with a tracking id', async () => {
    const { executions, read } = executionsWith(() => undefined);
    await executions.recognize([record('e1', { work: { trackingId } })]);
    expect(read).toEqual([]);
  });

  it.each<[code: ErrorCode, calls: number]>([
    ['API_FORBIDDEN', 1],
    ['API_NOT_FOUND', 20],
    ['API_ANSWER_UNEXPECTED', 20],
  ])('stops after few calls if Aplos returns no requests, with %s', async (code, calls) => {
    const { executions, read } = executionsWith(() => code);
    for (const _ of [1, 2]) expect(await executions.recognize(many(50))).toEqual(many(50));
    expect(read).toHaveLength(calls);
  });

  it('is not misled if the newest requests are missing', async () => {
    const { executions } = executionsWith((id) => (/^e\d$/.test(id) ? 'API_NOT_FOUND' : undefined));
    const recognized = await executions.recognize(many(30));
    expect(recognized.filter(({ work }) => work)).toHaveLength(20);
  });

  it('reads a request again that Aplos did not have yet', async () => {
    stopClock();
    let isMissing = true;
    const { executions, read } = executionsWith((id) =>
      isMissing && id === 'e1' ? 'API_NOT_FOUND' : undefined,
    );
    await executions.recognize(many(2));
    await executions.recognize(many(2));
    expect(read).toEqual(['e0', 'e1']);
    isMissing = false;
    vi.setSystemTime(Date.now() + 61_000);
    expect((await executions.recognize(many(2))).every(({ work }) => work)).toBe(true);
  });

  it('does not let one request that never comes block the others for ever', async () => {
    stopClock();
    const { executions } = executionsWith((id) => (id === 'e1' ? 'API_UNAVAILABLE' : undefined));
    await expect(executions.recognize(many(3))).rejects.toMatchObject({ code: 'API_UNAVAILABLE' });
    vi.setSystemTime(Date.now() + 16 * 60_000);
    const recognized = await executions.recognize(many(3));
    expect(recognized.map(({ work }) => work !== undefined)).toEqual([true, false, true]);
  });

  it.each<ErrorCode>(['API_UNREACHABLE', 'API_THROTTLED', 'LOGIN_REFUSED'])(
    'never gives a request up because of %s, which is not about one execution',
    async (code) => {
      stopClock();
      const { executions } = executionsWith(() => code);
      for (const minutes of [0, 20, 400]) {
        vi.setSystemTime(Date.now() + minutes * 60_000);
        await expect(executions.recognize(many(1))).rejects.toMatchObject({ code });
      }
    },
  );
});
