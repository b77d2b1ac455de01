import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DatedRecord, ExecutionHistory, type HistoryPage } from '../../../src/aplos/v3/history.js';
import { UploadError } from '../../../src/contract/errors.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const execution = (executionId: string, createdMs: number | undefined): DatedRecord => ({
  record: { executionId, status: 'succeeded', errors: [], hasMarks: true },
  createdMs,
});

/** A service with a history, in the order of the list. */
class Service {
  pages = 0;
  constructor(
    public executions: DatedRecord[],
    readonly pageSize = 10,
  ) {}

  readonly readPage = async (key: string | undefined): Promise<HistoryPage> => {
    this.pages++;
    const start =
      key === undefined ? 0 : this.executions.findIndex(({ record }) => record.executionId === key) + 1;
    const page = this.executions.slice(start, start + this.pageSize);
    const isLast = start + this.pageSize >= this.executions.length;
    return { executions: page, nextKey: isLast ? undefined : page.at(-1)?.record.executionId };
  };

  idsOf = (records: readonly { executionId: string }[]) =>
    records.map(({ executionId }) => executionId).sort();
}

/** Executions one hour apart, newest first. */
const hourly = (count: number, newestMs = Date.now()) =>
  Array.from({ length: count }, (_, index) => execution(`e${index}`, newestMs - index * 60 * MINUTE_MS));

describe('ExecutionHistory', () => {
  it('reads all pages first, and then only as many as are needed to meet known executions', async () => {
    const service = new Service(hourly(100));
    const history = new ExecutionHistory(service.readPage, 365 * DAY_MS);
    expect(await history.read()).toHaveLength(100);
    expect(service.pages).toBe(10);
    service.executions = [execution('new', Date.now()), ...service.executions];
    expect(service.idsOf(await history.read())).toContain('new');
    expect(service.pages).toBe(11);
  });

  it('marks what it remembers, and returns what it read now without a mark', async () => {
    const service = new Service(hourly(30));
    const history = new ExecutionHistory(service.readPage, 365 * DAY_MS);
    expect((await history.read()).some(({ isRemembered }) => isRemembered)).toBe(false);
    const remembered = (await history.read()).filter(({ isRemembered }) => isRemembered);
    expect(remembered).toHaveLength(20);
    history.forget('e29');
    expect(await history.read()).toHaveLength(29);
  });

  describe('for executions that are waited for', () => {
    /** Reads a history of 100 executions, then again for some of them. Returns the pages that this took, and which are current. */
    async function readFor(awaited: readonly number[]) {
      const service = new Service(hourly(100));
      const history = new ExecutionHistory(service.readPage, 365 * DAY_MS);
      await history.read();
      const before = service.pages;
      const records = await history.read(new Map(awaited.map((index) => [`e${index}`, true])));
      const current = new Set(
        records.filter(({ isRemembered }) => !isRemembered).map(({ executionId }) => executionId),
      );
      return { pages: service.pages - before, shown: awaited.filter((index) => current.has(`e${index}`)) };
    }
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

    it('reads as far as the oldest of many', async () => {
      expect(await readFor(range(0, 50))).toEqual({ pages: 6, shown: range(0, 50) });
    });

    it('does not read many pages for a few old ones, which cost a call each', async () => {
      expect(await readFor([95])).toEqual({ pages: 1, shown: [] });
      expect(await readFor([...range(0, 30), 95])).toMatchObject({ shown: range(0, 30) });
    });
  });

  it('looks back as far as it should the first time', async () => {
    const service = new Service(hourly(24 * 10));
    const history = new ExecutionHistory(service.readPage, DAY_MS);
    const found = await history.read();
    expect(found.length).toBeGreaterThanOrEqual(25);
    expect(found.length).toBeLessThan(50);
  });

  it('finds every execution, however many appear between two looks, and late, and in whatever order they are listed', async () => {
    const order = fc.constantFrom('newest first', 'oldest first', 'by chance');
    const minutes = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 25 });
    const rounds = fc.array(minutes, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(order, rounds, fc.integer({ min: 1, max: 7 }), async (order, rounds, pageSize) => {
        const service = new Service([], pageSize);
        const history = new ExecutionHistory(service.readPage, 365 * DAY_MS);
        let at = Date.now() - 30 * DAY_MS;
        for (const [round, gaps] of rounds.entries()) {
          const added = gaps.map((gap, index) => {
            at += gap * MINUTE_MS;
            // Some are up to ten minutes late.
            return execution(`${round}-${index}`, at - ((index * 7) % 11) * MINUTE_MS);
          });
          const all = [...service.executions, ...added];
          const key = ({ record, createdMs = 0 }: DatedRecord) =>
            order === 'by chance'
              ? (Number.parseInt(record.executionId.replace('-', ''), 10) * 7919) % 104_729
              : createdMs;
          all.sort((one, other) =>
            order === 'newest first' ? key(other) - key(one) : key(one) - key(other),
          );
          service.executions = all;
          expect(service.idsOf(await history.read())).toEqual(service.idsOf(all.map(({ record }) => record)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('reads all pages each time if Aplos does not report when executions were created', async () => {
    const service = new Service(hourly(50).map(({ record }) => ({ record, createdMs: undefined })));
    const history = new ExecutionHistory(service.readPage, DAY_MS);
    expect(await history.read()).toHaveLength(50);
    expect(await history.read()).toHaveLength(50);
    expect(service.pages).toBe(10);
  });

  it('continues a first look that was interrupted, and then looks for newer executions', async () => {
    const service = new Service(hourly(100));
    let failsAt = 6;
    const history = new ExecutionHistory(async (key) => {
      if (--failsAt === 0) throw new Error('offline');
      return service.readPage(key);
    }, 365 * DAY_MS);
    await expect(history.read()).rejects.toThrow('offline');
    service.executions = [execution('new', Date.now()), ...service.executions];
    expect(service.idsOf(await history.read())).toContain('new');
    expect(service.pages).toBe(5 + 5 + 1);
    expect(await history.read()).toHaveLength(101);
  });

  it('throws if Aplos ignores the key and returns the first page for ever', async () => {
    const page = { executions: hourly(3), nextKey: 'k' };
    const history = new ExecutionHistory(async () => page, 365 * DAY_MS);
    await expect(history.read()).rejects.toMatchObject({ code: 'API_ANSWER_UNEXPECTED' });
  });

  it('ends at a last page that names its own key', async () => {
    const pages = [
      { executions: hourly(2), nextKey: 'k' },
      { executions: [execution('last', Date.now() - 9 * DAY_MS)], nextKey: 'k' },
    ];
    const history = new ExecutionHistory(
      async () => pages.shift() ?? { executions: [], nextKey: undefined },
      365 * DAY_MS,
    );
    expect(await history.read()).toHaveLength(3);
  });

  it('continues after an empty page', async () => {
    const pages = [
      { executions: [], nextKey: 'k' },
      { executions: hourly(2), nextKey: undefined },
    ];
    const history = new ExecutionHistory(
      async () => pages.shift() ?? { executions: [], nextKey: undefined },
      365 * DAY_MS,
    );
    expect(await history.read()).toHaveLength(2);
  });

  it.each<[what: string, keyOf: (page: number, isLast: boolean) => string | undefined, calls: number]>([
    ['always has the same key', (_page, isLast) => (isLast ? undefined : 'next'), 5],
    ['is followed by itself at the end', (page, isLast) => `${isLast ? page : page + 1}`, 6],
  ])('reads to the end of a history whose next page %s', async (_what, keyOf, calls) => {
    const all = hourly(50);
    let page = 0;
    let count = 0;
    const history = new ExecutionHistory(async (key) => {
      count++;
      page = key === undefined ? 0 : key === 'next' ? page + 1 : Number(key);
      const nextKey = keyOf(page, page === 4);
      return { executions: all.slice(page * 10, page * 10 + 10), nextKey };
    }, 365 * DAY_MS);
    expect(await history.read()).toHaveLength(50);
    expect(count).toBe(calls);
  });

  it('stops soon if Aplos returns the first page for ever, under other keys', async () => {
    let pages = 0;
    const readPage = async () => ({ executions: hourly(3), nextKey: `${pages++}` });
    const history = new ExecutionHistory(readPage, 365 * DAY_MS);
    await expect(history.read()).rejects.toMatchObject({ code: 'API_ANSWER_UNEXPECTED' });
    expect(pages).toBeLessThan(20);
  });

  it('finds new executions behind one from the future', async () => {
    const service = new Service([execution('future', Date.now() + 30 * DAY_MS), ...hourly(100)]);
    const history = new ExecutionHistory(service.readPage, 365 * DAY_MS);
    await history.read();
    const [future, ...others] = service.executions;
    const added = Array.from({ length: 30 }, (_, index) => execution(`new${index}`, Date.now() - index));
    service.executions = [future, ...added, ...others].filter((each) => each !== undefined);
    expect(await history.read()).toHaveLength(131);
  });

  it('starts again from the first page if the key of an interrupted look has expired', async () => {
    const service = new Service(hourly(50));
    let isInterrupted = false;
    const history = new ExecutionHistory(async (key) => {
      if (isInterrupted && key?.startsWith('old')) throw new Error('the key has expired');
      if (key === 'old:e19') {
        isInterrupted = true;
        throw new Error('offline');
      }
      const page = await service.readPage(key?.replace(/^.*:/, ''));
      return { ...page, nextKey: page.nextKey && `${isInterrupted ? 'new' : 'old'}:${page.nextKey}` };
    }, 365 * DAY_MS);
    await expect(history.read()).rejects.toThrow('offline');
    await expect(history.read()).rejects.toThrow('expired');
    expect(await history.read()).toHaveLength(50);
  });

  it.each([400, 404, 410, 422])(
    'fails so that it is retried if Aplos refuses the key of a page with %i, and then reads everything',
    async (status) => {
      const service = new Service(hourly(30));
      let refuses = true;
      const readPage = async (key: string | undefined) => {
        if (key !== undefined && refuses)
          throw new UploadError('API_REFUSED', 'The start key is unknown', { details: { status } });
        return service.readPage(key);
      };
      const history = new ExecutionHistory(readPage, 365 * DAY_MS);
      await expect(history.read()).rejects.toMatchObject({ code: 'API_UNAVAILABLE', retryable: true });
      refuses = false;
      expect(await history.read()).toHaveLength(30);
    },
  );

  it('returns the newest executions first, whatever their order at Aplos', async () => {
    const all = hourly(30);
    const service = new Service([...all].reverse());
    const history = new ExecutionHistory(service.readPage, 365 * DAY_MS);
    const ids = all.map(({ record }) => record.executionId);
    for (const _ of [1, 2]) expect((await history.read()).map(({ executionId }) => executionId)).toEqual(ids);
  });
});
