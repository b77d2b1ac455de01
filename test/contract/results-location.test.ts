import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUploadRequest } from '../../src/contract/request.js';
import {
  findTemplateProblem,
  resultsLocation,
  unpackedLocation,
} from '../../src/contract/results-location.js';

const names = { profile: 'default', batch: 'b', fileName: 'pk.csv', label: 'day 1', executionId: '1-2:3' };
const request = (changes: object) => ({
  source: 'file:///data/pk.csv',
  executions: [{ label: 'a', configuration: { version: '1' } }],
  ...changes,
});

describe('a results location', () => {
  it('replaces each placeholder', () => {
    expect(resultsLocation('file:///r/{profile}/{batch}/{fileName}/{label} {executionId}.zip', names)).toBe(
      'file:///r/default/b/pk.csv/day%201 1-2%3A3.zip',
    );
  });

  it('stays below the directories of its template, whatever the names are', () => {
    fc.assert(
      fc.property(
        fc.string({
          minLength: 1,
          unit: fc.oneof(
            fc.constantFrom('.', '/', '\\', '%', '?', '#', '\0'),
            fc.string({ minLength: 1, maxLength: 1 }),
          ),
        }),
        (label) => {
          fc.pre(!/\p{Cs}/u.test(label));
          const location = resultsLocation('file:///r/{label}/x.zip', { ...names, label });
          const { pathname, search, hash } = new URL(location);
          expect(pathname).toMatch(/^\/r\/[^/]+\/x\.zip$/);
          expect(search + hash).toBe('');
          expect(decodeURIComponent(pathname).split('/')).toHaveLength(4);
        },
      ),
    );
  });

  it.each([
    ['file:///r/{label}.zip', undefined],
    ['s3://results/{batch}/{label}.zip', undefined],
    ['file:///r/{lable}.zip', /contains \{lable\}; the placeholders are/],
    ['/r/{label}.zip', /must be a URL/],
    ['file:/r/{label}.zip', /must be a URL/],
    ['file://host/r/{label}.zip', /names a host/],
    ['https://host/{label}.zip', /scheme https:/],
    ['s3://Bucket_/{label}.zip', /s3:\/\/bucket/],
    ['s3://results', /must be a URL/],
    ['file:///r/', /not a directory/],
    ['file:///r//x.zip', /empty directory/],
    ['file:///r/../x.zip', /"\.\."/],
    ['file:///r/%2e%2e/x.zip', /"\.\."/],
    ['file:///r/a%2Fb.zip', /encoded slash/],
    ['file:///r/100%.zip', /%/],
    ['file:///r/x.zip?versionId=1', /\? or #/],
  ])('is checked: %s', (template, problem) => {
    const found = findTemplateProblem(template, names);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });

  it('is that of a directory without .zip for unpacked packages', () => {
    expect(unpackedLocation('file:///r/a.zip')).toBe('file:///r/a');
    expect(unpackedLocation('file:///r/a')).toBe('file:///r/a.unpacked');
  });
});

describe('a request for results', () => {
  it('waits for the end of the executions', () => {
    expect(parseUploadRequest(request({ results: 'file:///r/{label}.zip' }))).toMatchObject({
      until: 'completed',
    });
  });

  const two = (one: string, other: string) =>
    [one, other].map((label) => ({ label, configuration: { version: label } }));
  it.each([
    ['a batch that it lacks', { results: 'file:///{batch}/{label}.zip' }, /has no batch/],
    [
      'one location for two executions',
      { results: 'file:///r/x.zip', executions: two('a', 'b') },
      /same location/,
    ],
    [
      'labels that differ in case',
      { results: 'file:///r/{label}.zip', executions: two('a', 'A') },
      /same location/,
    ],
    [
      'labels that differ in slashes',
      { results: 'file:///r/{label}.zip', executions: two('a/b', 'a_b') },
      /same location/,
    ],
    [
      'a directory with the name of a package',
      { results: 'file:///r/{label}', unpackResults: true, executions: two('a', 'a.unpacked') },
      /same location/,
    ],
    [
      'packages to unpack in S3',
      { results: 's3://bucket/{label}.zip', unpackResults: true },
      /not unpacked in S3/,
    ],
    ['nothing to unpack', { unpackResults: true }, /only allowed with results/],
    [
      'an upload until its start',
      { results: 'file:///r/{label}.zip', until: 'started' },
      /must be "completed"/,
    ],
  ])('is invalid with %s', (_what, changes, message) => {
    expect(() => parseUploadRequest(request(changes))).toThrow(message);
  });

  it('may have executions that differ in their IDs alone', () => {
    const executions = two('a', 'A');
    expect(() =>
      parseUploadRequest(request({ results: 'file:///r/{executionId}.zip', executions })),
    ).not.toThrow();
  });
});
