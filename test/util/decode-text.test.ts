import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText } from '../../src/util/decode-text.js';

const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const JSON_TEXT = '{"study": "Größe", "dose": 1}\n';

describe('decodeText', () => {
  it('returns any UTF-8 unchanged, without a byte order mark at its start', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        const text = Buffer.from(any).toString('utf8');
        fc.pre(!text.startsWith('\ufeff') && !text.includes('\0'));
        expect(decodeText(Buffer.from(text))).toBe(text);
        expect(decodeText(Buffer.from(`\ufeff${text}`))).toBe(text);
      }),
    );
  });

  it('returns text that is UTF-8, or throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        let text: string | undefined;
        try {
          text = decodeText(bytes);
        } catch (error) {
          expect((error as Error).message).toMatch(/^is (not UTF-8|UTF-16|UTF-32)/);
          return;
        }
        const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? '\ufeff' : '';
        expect(Buffer.from(mark + text)).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[what: string, bytes: Buffer, problem: string]>([
    ['UTF-16 LE', utf16le(`\ufeff${JSON_TEXT}`), 'is UTF-16 (little-endian) from line 1 on, not UTF-8'],
    ['UTF-16 BE', utf16be(`\ufeff${JSON_TEXT}`), 'is UTF-16 (big-endian) from line 1 on, not UTF-8'],
    [
      'UTF-16 LE without a mark',
      utf16le('{"dose": 1}'),
      'is UTF-16 (little-endian, without a byte order mark)',
    ],
    ['UTF-16 BE without a mark', utf16be('{"dose": 1}'), 'is UTF-16 (big-endian, without a byte order mark)'],
    [
      'UTF-16 of other scripts',
      utf16le('{"study":"血漿中濃度時間曲線下面積とĀ"}'),
      'is UTF-16 (little-endian, without',
    ],
    ['UTF-16 of one letter', utf16le('x'), 'is UTF-16 (little-endian, without a byte order mark)'],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]), 'is UTF-32 from line 1 on, not UTF-8'],
    ['Latin-1', latin1('a\nb\n\xe4\nc\xf6'), 'is not UTF-8 in line 3, but perhaps Windows-1252 or Latin-1'],
    ['Latin-1 in the last line', latin1('a\n\xe4'), 'is not UTF-8 in line 2'],
    ['a truncated character', Buffer.from('a\nä').subarray(0, 3), 'is not UTF-8 in line 2'],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80]), 'is not UTF-8 in line 1'],
    ['an overlong slash', Buffer.from([0xc0, 0xaf]), 'is not UTF-8 in line 1'],
  ])('refuses %s', (_what, bytes, problem) => {
    expect(() => decodeText(bytes)).toThrow(problem);
  });

  it('keeps NUL bytes that a crash of the machine left', () => {
    expect(decodeText(Buffer.from(`{"at":1}${'\0'.repeat(9)}\n`))).toBe(`{"at":1}${'\0'.repeat(9)}\n`);
  });

  it('counts lines from the given number', () => {
    expect(() => decodeText(latin1('\xe4'), 7)).toThrow('in line 7');
  });
});
