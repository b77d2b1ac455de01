import { describe, expect, it } from 'vitest';
import { toRecord } from '../../../src/aplos/v3/records.js';
import { pageSchema } from '../../../src/aplos/v3/schemas.js';

const AT = Date.parse('2026-11-26T18:00:00Z');
const pageOf = (execution: object) => pageSchema.parse({ data: { executions: [execution] } });

describe('the time at which an execution was created', () => {
  it.each([
    '2026-11-26T18:00:00Z',
    '2026-11-26T18:00:00.000000+00:00',
    '2026-11-26T19:00:00+01:00',
    '2026-11-26T18:00:00',
    '2026-11-26 18:00:00.000000',
    AT,
    AT / 1000,
    `${AT / 1000}`,
    `${AT / 1000}.000`,
  ])('is read from %j', (createdUtc) => {
    const [execution] = pageOf({ id: 'e1', status: 'queued', createdUtc }).executions ?? [];
    expect(execution && toRecord(execution).createdMs).toBe(AT);
  });

  it.each([null, undefined, '', 'yesterday', 0, -1, '0', '0001-01-01T00:00:00Z', {}])(
    'is unknown for %j',
    (createdUtc) => {
      const [execution] = pageOf({ id: 'e1', status: 'queued', createdUtc }).executions ?? [];
      expect(execution && toRecord(execution).createdMs).toBeUndefined();
    },
  );
});

describe('the status of an execution', () => {
  it.each([
    ['active', 'succeeded'],
    ['archived', 'succeeded'],
    ['Deleted', 'deleted'],
    [null, 'succeeded'],
  ])('with the lifecycle state %j is %s', (lifecycleState, status) => {
    const [execution] = pageOf({ id: 'e1', status: 'Succeeded', lifecycleState }).executions ?? [];
    expect(execution && toRecord(execution).record.status).toBe(status);
  });
});

describe('a page of the history', () => {
  it.each([
    { id: 'e1' },
    { id: 'e1', status: null },
    { id: 'e1', status: '', errors: 'text', name: 7, input: 'f1' },
  ])('may have an execution like %j', (execution) => {
    const [parsed] = pageOf(execution).executions ?? [];
    expect(parsed && toRecord(parsed).record).toMatchObject({ executionId: 'e1', status: 'unknown' });
  });

  it.each([{ executions: null }, { executions: null, count: 0, nextKey: null }, { items: [] }])(
    'may be empty like %j',
    (data) => {
      const { executions, items } = pageSchema.parse({ success: true, data });
      expect(executions ?? items ?? []).toEqual([]);
    },
  );
});
