import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinctPaths } from '../../src/util/distinct-paths.js';

describe('distinctPaths', () => {
  it.each([
    [
      ['/data/a.csv', '/data/b.csv'],
      ['a.csv', 'b.csv'],
    ],
    [
      ['/data/site-1/pk.csv', '/data/site-2/pk.csv', '/data/x.csv'],
      ['site-1/pk.csv', 'site-2/pk.csv', 'x.csv'],
    ],
    [
      ['/a/1/s/pk.csv', '/b/1/s/pk.csv'],
      ['a/1/s/pk.csv', 'b/1/s/pk.csv'],
    ],
    [
      ['/s/pk.csv', '/a/s/pk.csv'],
      ['/s/pk.csv', 'a/s/pk.csv'],
    ],
    [
      ['pk.csv', 'site/pk.csv'],
      ['pk.csv', 'site/pk.csv'],
    ],
    [
      ['s3://b/1/pk.csv', 'https://h/1/pk.csv'],
      ['b/1/pk.csv', 'h/1/pk.csv'],
    ],
    [
      ['/a/pk.csv', '/a/pk.csv'],
      ['pk.csv', 'pk.csv'],
    ],
    [[], []],
  ])('shortens %j to %j', (paths, names) => {
    expect(distinctPaths(paths)).toEqual(names);
  });

  it('gives different paths different names, each an end of its path', () => {
    const part = fc.constantFrom('a', 'b', 'pk.csv');
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 12 }), (paths) => {
        const names = distinctPaths(paths);
        expect(new Set(names).size).toBe(paths.length);
        expect(names.every((name, index) => paths[index]?.endsWith(name))).toBe(true);
      }),
    );
  });
});
