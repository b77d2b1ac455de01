import fc from 'fast-check';
import { expect, it } from 'vitest';
import { analyseFile, MAX_ANALYSED_BYTES } from '../../sandbox/analysis.js';
import type { Charge } from '../../sandbox/executions.js';
import { configuration } from '../support/sandbox-client.js';

const chargeFor = (columns: unknown): Charge => ({
  executionId: '1:2',
  fileId: '3',
  at: '2026-11-26T00:00:00.000Z',
  configuration: { columns },
  configurationSha256: '',
  body: {},
});

const names = fc.constantFrom('time', 'subject', 'conc', '__proto__', 'constructor', '');
const cells = fc.array(fc.oneof(names, fc.string({ maxLength: 5 })), { maxLength: 4 });
const tables = fc
  .tuple(fc.array(cells, { maxLength: 6 }), fc.constantFrom(',', ';', '\t', ' '))
  .map(([rows, delimiter]) => rows.map((row) => row.join(delimiter)).join('\n'));
const columns = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      time: fc.oneof(names, fc.jsonValue()),
      unique_id: names,
      concentration: fc.oneof(fc.record({ observed: names, analyzed: names }), fc.jsonValue()),
      sorting: fc.oneof(fc.array(names), fc.jsonValue()),
      grouping: fc.oneof(fc.array(names), fc.jsonValue()),
    },
    { requiredKeys: [] },
  ),
);

it('an analysis in the sandbox ends with results or reasons, whatever the table and the configuration are', () => {
  fc.assert(
    fc.property(fc.oneof(tables, fc.string()), columns, (text, given) => {
      const { zip, errors } = analyseFile('pk.csv', Buffer.from(text), chargeFor(given));
      expect(zip === undefined).toBe(errors.length > 0);
      for (const error of errors) expect(error).not.toBe('');
    }),
  );
});

it('an analysis in the sandbox ends with results for the first lines of a large table', () => {
  const text = `subject,time,conc,conc.obs\n${'1,1,1,1\n'.repeat(MAX_ANALYSED_BYTES / 8)}`;
  const bytes = Buffer.from(text).subarray(0, MAX_ANALYSED_BYTES);
  expect(analyseFile('pk.csv', bytes, chargeFor(configuration.columns)).errors).toEqual([]);
});

it('an analysis in the sandbox reports few of many missing columns', () => {
  const grouping = Array.from({ length: 100_000 }, (_, index) => `column ${index}`);
  const { errors } = analyseFile('pk.csv', Buffer.from('a,b\n1,2\n'), chargeFor({ grouping }));
  expect(errors).toHaveLength(20);
});
