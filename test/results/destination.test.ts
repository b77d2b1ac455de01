import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StorageLocation } from '../../src/contract/results.js';
import { resultsLocation } from '../../src/contract/results-location.js';
import { storageLocationFrom } from '../../src/http/storage-location.js';
import { assertMayWrite, destinationFor } from '../../src/results/destination.js';

const rootsOf = (...texts: string[]): StorageLocation[] =>
  texts.flatMap((text) => storageLocationFrom(text) ?? []);

const mayWrite = (check: () => unknown): boolean => {
  try {
    check();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'RESULTS_NOT_ALLOWED' });
    return false;
  }
};

describe('a check of where results go, before anything is started', () => {
  it.each([
    ['file:///results/{label}.zip', ['/results'], true],
    ['file:///results/{batch}/{label}.zip', ['/results/study-1'], true],
    ['file:///{label}.zip', ['/results'], true],
    ['file:///results/a/{label}.zip', ['/results'], true],
    ['file:///results-old/{label}.zip', ['/results'], false],
    ['file:///elsewhere/{label}.zip', ['/results'], false],
    ['file:///elsewhere/{label}.zip', ['s3://bucket/'], false],
    ['file:///results/{label}.zip', [], false],
    ['s3://bucket/{label}.zip', ['s3://bucket'], true],
    ['s3://bucket/{label}.zip', ['s3://bucket/results/'], true],
    ['s3://bucket/results/{label}.zip', ['s3://bucket/results/'], true],
    ['s3://bucket/results/{label}.zip', ['s3://bucket/results/study-1/'], true],
    ['s3://bucket/other/{label}.zip', ['s3://bucket/results/'], false],
    ['s3://other/results/{label}.zip', ['s3://bucket/results/'], false],
    ['s3://bucket/results/{label}.zip', ['/results'], false],
  ])('of %s, with the roots %j: %s', (template, roots, isAllowed) => {
    expect(mayWrite(() => assertMayWrite(template, rootsOf(...roots)))).toBe(isAllowed);
  });

  it('refuses nothing that would be allowed once the values of the placeholders are known', () => {
    const name = fc.constantFrom('a', 'b', 'ab', '{label}', '{batch}', 'a{label}');
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
    const base = fc.constantFrom('file:///', 's3://bucket/', 's3://other/');
    const root = fc
      .tuple(fc.constantFrom('/', 's3://bucket/', 's3://other/'), path)
      .map(([start, rest]) => start + rest.replaceAll(/\{\w+\}/g, 'a'));
    fc.assert(
      fc.property(
        base,
        path,
        fc.array(root, { maxLength: 3 }),
        fc.constantFrom('a', 'b'),
        (start, rest, texts, value) => {
          const roots = rootsOf(...texts);
          const template = `${start}${rest}.zip`;
          const location = resultsLocation(template, { label: value, batch: value });
          const isAllowed = mayWrite(() => destinationFor(location, roots));
          if (isAllowed) expect(mayWrite(() => assertMayWrite(template, roots))).toBe(true);
        },
      ),
    );
  });
});
