import { describe, expect, it } from 'vitest';
import { table } from '../../../src/cli/output/table.js';

describe('table', () => {
  it('aligns columns, also with wide characters', () => {
    expect(
      table([
        ['FILE', 'STATE'],
        ['血漿.csv', 'done'],
        ['a.csv', ''],
      ]),
    ).toEqual(['FILE      STATE', '血漿.csv  done', 'a.csv']);
  });
});
