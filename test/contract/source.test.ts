import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isStoredFile,
  shownSource,
  sourceIdentity,
  storedFileId,
  storedFileSource,
} from '../../src/contract/source.js';

describe('shownSource', () => {
  it.each([
    ['file:///data/study%207/pk.csv', 'file:///data/study%207/pk.csv'],
    [
      'https://files.example.com:8443/a/pk.csv?X-Amz-Signature=s#f',
      'https://files.example.com:8443/a/pk.csv',
    ],
    ['https://jane:s3cret@files.example.com/pk.csv', 'https://files.example.com/pk.csv'],
    [' https://jane:s3cret@files.example.com/pk.csv', 'https://files.example.com/pk.csv'],
    ['ht\ntps://jane:s3cret@files.example.com/pk.csv', 'https://files.example.com/pk.csv'],
    ['https:\\\\jane:s3cret@files.example.com\\pk.csv', 'https://files.example.com/pk.csv'],
    ['s3://bucket/a/pk.csv?versionId=v1', 's3://bucket/a/pk.csv'],
    ['data:text/csv,s3cret', 'data:…'],
    ['ftp://jane:s3cret@host/pk.csv', 'ftp:…'],
    ['s3cret', '(not a URL)'],
    ['undefined', '(not a URL)'],
  ])('shows %j as %s', (source, shown) => {
    expect(shownSource(source)).toBe(shown);
  });

  it('removes any query, fragment and user info', () => {
    const secret = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .map((text) => `s3cret${encodeURIComponent(text)}`);
    const scheme = fc.constantFrom('https', 'HTTPS', 'http', 's3', 'file', 'ftp', 'blob:https');
    fc.assert(
      fc.property(scheme, secret, secret, secret, (kind, user, query, fragment) => {
        const shown = shownSource(`${kind}://${user}:${user}@host/pk.csv?a=${query}&b#${fragment}`);
        expect(shown).not.toContain('s3cret');
      }),
    );
  });
});

describe('storedFileId', () => {
  it('returns any ID from the source that names it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (id) => {
        fc.pre(!/^\.{1,2}$/.test(id));
        const source = storedFileSource(id);
        expect(isStoredFile(source)).toBe(true);
        expect(storedFileId(source)).toBe(id);
        expect(shownSource(source)).toBe(source);
      }),
    );
  });

  it.each([
    'aplos:',
    'aplos:file',
    'aplos:file/',
    'aplos:file/a/b',
    'aplos:file/a?b',
    'aplos:file/a#b',
    'aplos://file/a',
    'aplos:file/%ff',
    'aplos:execution/a',
  ])('returns nothing for %s', (source) => {
    expect(isStoredFile(source)).toBe(true);
    expect(storedFileId(source)).toBeUndefined();
  });

  it.each(['file:///data/pk.csv', 'file/a', 'https://aplos/file/a'])('is not the kind of %s', (source) => {
    expect(isStoredFile(source)).toBe(false);
    expect(storedFileId(source)).toBeUndefined();
  });
});

describe('sourceIdentity', () => {
  const signed = (query: string) => sourceIdentity(`https://files.example.com/pk.csv?${query}`);

  it.each([
    [
      'X-Amz-Algorithm=a&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=1&X-Amz-Security-Token=t&X-Amz-Signature=1',
    ],
    ['X-Goog-Algorithm=a&X-Goog-Credential=c&X-Goog-Signature=s'],
    ['Expires=1&Signature=s&Key-Pair-Id=k'],
    ['AWSAccessKeyId=a&Signature=s&Expires=1'],
    ['sv=2024-01-01&se=e&sr=b&sp=r&sig=s'],
  ])('ignores the signature %s', (query) => {
    expect(signed(query)).toBe('https://files.example.com/pk.csv');
  });

  it.each(['id=1', 'sp=1&st=2', 'expires=1', 'policy=1'])(
    'keeps %s, which may identify another file',
    (query) => {
      expect(signed(query)).not.toBe(signed(query.replace(/1/, '9')));
    },
  );

  it('keeps the version next to a signature', () => {
    expect(signed('X-Amz-Signature=s&versionId=1')).toBe('https://files.example.com/pk.csv?versionId=1');
  });

  it.each([
    'file:///data/pk.csv',
    's3://bucket/pk.csv?versionId=1',
    'https://files.example.com/pk.csv?a=%20b',
  ])('returns %s unchanged', (source) => {
    expect(sourceIdentity(source)).toBe(source);
  });
});
