import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../../src/util/printable.js';
import { shellWord } from '../../src/util/shell-word.js';

const PIECES = [
  "'",
  '"',
  '`',
  '$',
  '\\',
  '$(touch x)',
  '`touch x`',
  ';touch x;',
  "'; touch x; '",
  "\\'; touch x; '",
  '&',
  '|touch x',
  '>x',
  '*',
  '~',
  '!',
  '#',
  '{a,b}',
  ' ',
];
const CONTROLS = ['\n', '\r', '\t', '\u001b[2J', '\u202e', '\u0007', '\u{e0041}'];
const words = (pieces: readonly string[]) =>
  fc.array(
    fc
      .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'grapheme', maxLength: 3 })), {
        maxLength: 8,
      })
      .map((parts) => parts.join('').replaceAll('\0', '')),
    { minLength: 1, maxLength: 200 },
  );

/** Lets a shell print the words of a command, in an empty folder that must stay empty. */
function wordsIn(shell: string, quoted: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'shell-word-'));
  const { stdout, stderr } = spawnSync(shell, ['-c', `printf '%s\\0' ${quoted.join(' ')}`], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(readdirSync(folder)).toEqual([]);
  rmdirSync(folder);
  return stdout.split('\0').slice(0, -1);
}

describe('shellWord', () => {
  it('reaches a command unchanged in every POSIX shell if it is printable', () => {
    fc.assert(
      fc.property(words(PIECES), (all) => {
        const visible = all.map(printable);
        expect(wordsIn('sh', visible.map(shellWord))).toEqual(visible);
      }),
      { numRuns: 20 },
    );
  });

  it('reaches a command unchanged in Bash, whatever it contains', () => {
    fc.assert(
      fc.property(words([...PIECES, ...CONTROLS]), (all) => {
        expect(wordsIn('bash', all.map(shellWord))).toEqual(all);
      }),
      { numRuns: 20 },
    );
  });

  it('runs nothing in a shell that does not know the escapes of control characters', () => {
    fc.assert(
      fc.property(words([...PIECES, ...CONTROLS]), (all) => {
        expect(wordsIn('sh', all.map(shellWord))).toHaveLength(all.length);
      }),
      { numRuns: 20 },
    );
  });

  it('is printable, so that it can be shown as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (word) => void expect(printable(shellWord(word))).toBe(shellWord(word)),
      ),
    );
  });

  it.each([
    ['/data/pk-1.csv', '/data/pk-1.csv'],
    ['', "''"],
    ['day 1', "'day 1'"],
    ["it's", "'it'\\''s'"],
    ['$(touch x)', "'$(touch x)'"],
    ["a\n'b", "$'a\\012\\047b'"],
    ['\u202e', "$'\\342\\200\\256'"],
  ])('writes %j as %s', (word, quoted) => {
    expect(shellWord(word)).toBe(quoted);
  });
});
