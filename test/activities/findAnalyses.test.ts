import { defaultPayloadConverter, RawValue } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { findAnalyses } from '../../src/activities/findAnalyses.js';
import type { ExecutionRecord, Work } from '../../src/aplos/api.js';
import { ExecutionList } from '../../src/aplos/execution-list.js';
import { UploadError } from '../../src/contract/errors.js';
import { MAX_ANALYSES } from '../../src/contract/preview.js';

const id = (letter: string) => letter.repeat(32);
const record = (executionId: string, work: Work): ExecutionRecord & { work: Work } => ({
  executionId,
  status: 'complete',
  errors: [],
  hasMarks: true,
  work,
});
const paid = record('paid', {
  trackingId: id('a'),
  contentId: id('1'),
  fileName: 'pk.csv',
  requestedAt: '2026-11-20T14:02:00.000Z',
});
const known = (executionId: string, facts: object = {}) => ({ executionId, status: 'complete', ...facts });

/** Looks up analyses in a list of these executions. */
function find(records: readonly ExecutionRecord[], input: unknown, argumentCount = 1) {
  const list = new ExecutionList(async () => records);
  return findAnalyses({ executions: () => list })(input, argumentCount);
}
const ask = (...analyses: readonly [trackingId: string, contentId: string][]) => ({
  profile: 'default',
  analyses: analyses.map(([trackingId, contentId]) => ({ trackingId, contentId })),
});

describe('findAnalyses', () => {
  it('returns the execution of each analysis that Aplos has, in the order of the input', async () => {
    expect(await find([paid], ask([id('b'), id('2')], [id('a'), id('1')]))).toEqual([
      { similar: [] },
      {
        execution: known('paid', { fileName: 'pk.csv', requestedAt: '2026-11-20T14:02:00.000Z' }),
        similar: [],
      },
    ]);
  });

  it('returns other executions of the same file, whatever their configurations', async () => {
    const fileVersionId = id('f');
    const records = [
      record('same analysis', { trackingId: id('a'), contentId: id('1'), fileVersionId }),
      record('other configuration', { trackingId: id('b'), contentId: id('2'), fileVersionId }),
      record('other file', { trackingId: id('c'), contentId: id('2'), fileVersionId: id('e') }),
    ];
    const analyses = [{ trackingId: id('a'), contentId: id('1'), fileVersionId }];
    expect(await find(records, { profile: 'default', analyses })).toEqual([
      { execution: known('same analysis'), similar: [], sameFile: [known('other configuration')] },
    ]);
  });

  it.each(['rejected', 'deleted'])('ignores executions that are %s', async (status) => {
    const records = [
      { ...record('gone', { trackingId: id('a'), contentId: id('1') }), status },
      { ...record('similar', { trackingId: id('b'), contentId: id('1') }), status },
    ];
    expect(await find(records, ask([id('a'), id('1')]))).toEqual([{ similar: [] }]);
  });

  it('returns the latest three executions of the same content under another tracking id', async () => {
    const others = ['05', '07', '06', '04'].map((day) =>
      record(`day ${day}`, {
        trackingId: id(day.slice(1)),
        contentId: id('1'),
        requestedAt: `2026-11-${day}T00:00:00.000Z`,
        again: `reason ${day}`,
      }),
    );
    const undated = record('undated', { trackingId: id('e'), contentId: id('1') });
    const [finding] = await find([undated, ...others, paid], ask([id('a'), id('1')]));
    expect(finding?.execution?.executionId).toBe('paid');
    expect(finding?.similar).toEqual(
      ['07', '06', '05'].map((day) =>
        known(`day ${day}`, { requestedAt: `2026-11-${day}T00:00:00.000Z`, again: `reason ${day}` }),
      ),
    );
  });

  it('finds an execution that this worker started, although the list does not show it yet', async () => {
    const list = new ExecutionList(async () => []);
    list.acknowledge(paid);
    const [finding] = await findAnalyses({ executions: () => list })(ask([id('a'), id('1')]), 1);
    expect(finding?.execution?.executionId).toBe('paid');
  });

  it('ignores the executions of other programs, and shortens texts that others may have written', async () => {
    const foreign: ExecutionRecord = { executionId: 'f', status: 'complete', errors: [], hasMarks: true };
    const long = record('long', { trackingId: id('a'), contentId: id('1'), fileName: 'x y'.repeat(5_000) });
    const [finding] = await find([foreign, long], ask([id('a'), id('1')]));
    expect(finding?.execution?.fileName?.length).toBeLessThan(400);
  });

  it('reads a list that is not older than the call', async () => {
    let calls = 0;
    const list = new ExecutionList(async () => {
      calls += 1;
      return [];
    });
    const call = () => findAnalyses({ executions: () => list })(ask([id('a'), id('1')]), 1);
    await call();
    await call();
    expect(calls).toBe(2);
  });

  it('checks the profile only, if there are no analyses', async () => {
    const list = new ExecutionList(() => Promise.reject(new Error('must not be read')));
    expect(await findAnalyses({ executions: () => list })(ask(), 1)).toEqual([]);
    const unknown = new UploadError('PROFILE_UNKNOWN', 'x');
    const executions = () => {
      throw unknown;
    };
    await expect(findAnalyses({ executions })(ask(), 1)).rejects.toBe(unknown);
  });

  it('fails if Aplos lists executions without their metadata', async () => {
    const blind: ExecutionRecord = {
      executionId: 'b',
      status: 'complete',
      errors: [],
      hasMarks: undefined,
    };
    await expect(find([blind], ask([id('a'), id('1')]))).rejects.toMatchObject({
      code: 'API_ANSWER_UNEXPECTED',
    });
  });

  it.each<[what: string, input: unknown, problem: string]>([
    ['no object', 7, 'request: '],
    ['no profile', { analyses: [] }, 'profile'],
    [
      'an id that is not one',
      ask(['x', id('1')]),
      'analyses[0].trackingId: must be 32 lower-case hex digits',
    ],
    ['an unknown field', { ...ask(), more: 1 }, 'more'],
    [
      'too many analyses',
      ask(...Array.from({ length: MAX_ANALYSES + 1 }, (): [string, string] => [id('a'), id('1')])),
      'analyses: ',
    ],
    [
      'binary data',
      RawValue.fromPayload({ metadata: { encoding: Buffer.from('binary/plain') }, data: Buffer.from('{}') }),
      'request: must be JSON',
    ],
  ])('rejects input with %s', async (_what, input, problem) => {
    await expect(find([], input)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining(problem),
    });
  });

  it('decodes the argument of the workflow, and rejects more than one', async () => {
    const raw = RawValue.fromPayload(defaultPayloadConverter.toPayload(ask()));
    expect(await find([], raw)).toEqual([]);
    await expect(find([], raw, 2)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});
