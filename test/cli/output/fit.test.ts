import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listThatFits, rowsOf, wrap, wrapToRows } from '../../../src/cli/output/fit.js';
import { widthOf } from '../../../src/cli/output/width.js';

describe('listThatFits', () => {
  it.each([
    [['a', 'b'], 2, 80, 'a, b'],
    [['a', 'b'], 2, 4, 'a, b'],
    [['a', 'b', 'c'], 40, 20, 'a, b, c, … 37 more'],
    [['long-name.csv', 'other.csv'], 40, 20, 'long-name.csv, … 39 more'],
    [['a.csv'], 1, 3, 'a.csv'],
    [[], 0, 80, ''],
  ])('lists %j of %i in %i columns as %j', (items, total, columns, line) => {
    expect(listThatFits(items, total, columns)).toBe(line);
  });

  it('never exceeds the columns, unless one name alone does', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '.', '漢'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 45, max: 90 }),
        (names, columns) => {
          expect(widthOf(listThatFits(names, 1_000, columns))).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });
});

describe('wrapToRows', () => {
  const text =
    'Cannot start an execution of file 2a5d: Aplos returned 402. Buy or free allocations in Aplos NCA.';

  it('keeps a text that fits', () => {
    expect(wrapToRows(text, 60, 2).join(' ')).toBe(text);
  });

  it('leaves out words in the middle, and keeps the end, which says what to do', () => {
    const lines = wrapToRows(text, 40, 2);
    expect(lines).toHaveLength(2);
    expect(lines.join(' ')).toMatch(/^Cannot .* … .*in Aplos NCA\.$/);
    expect(lines.every((line) => widthOf(line) <= 40)).toBe(true);
  });

  it('breaks lines at spaces only', () => {
    expect(wrap('a bb ccc', 4)).toEqual(['a bb', 'ccc']);
    expect(wrap('x'.repeat(9), 4)).toEqual(['x'.repeat(9)]);
    expect(rowsOf(['x'.repeat(9), ''], 4)).toBe(4);
  });
});
