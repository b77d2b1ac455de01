import fc from 'fast-check';
import { lexer, type Token } from 'marked';
import { describe, expect, it } from 'vitest';
import { escapeMarkdown } from '../../src/util/escape-markdown.js';
import { printable } from '../../src/util/printable.js';

const PIECES = [
  '[a](http://evil.example)',
  '![a](x)',
  '<img src=x>',
  '<!--',
  '-->',
  '[a]: x',
  '**',
  '__',
  '_',
  '`',
  '``',
  '~~',
  '#',
  '# ',
  '- ',
  '1. ',
  '> ',
  '|',
  '---',
  '===',
  '\\',
  '&lt;',
  'http://evil.example',
  'HTTPS://evil.example',
  'www.evil.example',
  'a@evil.example',
  'ftp://evil.example',
  'mailto:a@evil.example',
  '\n',
  '\n\n',
  '    ',
  ' ',
  '@',
  '://',
  'www',
  '.',
  '[^1]',
];
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PIECES),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 2 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** Returns the text that a parser of GitHub's Markdown shows. Throws if it finds anything but text and code. */
function shown(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === 'codespan') return token.text;
      if (token.type === 'text' && !('tokens' in token && token.tokens)) return token.text;
      throw new Error(`The text became ${token.type}: ${token.raw}`);
    })
    .join('');
}

const inline = (markdown: string): string => {
  const [block, ...others] = lexer(markdown, { gfm: true });
  expect(others).toEqual([]);
  return shown(block && 'tokens' in block ? (block.tokens ?? []) : []);
};

describe('escapeMarkdown', () => {
  it.each([
    ['in a heading', '### Failed: ', ''],
    ['in a paragraph', 'CODE: ', ' end'],
  ])('shows any text unchanged, as text and code only, %s', (_where, before, after) => {
    fc.assert(
      fc.property(text, (any) => {
        const collapse = (all: string) => all.replace(/ +/g, ' ').trim();
        const all = inline(`${before}${escapeMarkdown(any)}${after}`);
        expect(collapse(all)).toBe(collapse(before.replace('### ', '') + printable(any) + after));
      }),
      { numRuns: 1000 },
    );
  });

  it('starts no list, heading, quotation or table at the start of a line', () => {
    fc.assert(
      fc.property(text, (any) => {
        const blocks = lexer(escapeMarkdown(any).trim(), { gfm: true }).map(({ type }) => type);
        expect(blocks.filter((type) => type !== 'paragraph')).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    'pk_day_1.csv',
    'day 1 on pk.csv',
    "Aplos NCA's answer (status 404), after 3 s: 50%",
    '"試験.csv"',
  ])('leaves %j unchanged', (any) => {
    expect(escapeMarkdown(any)).toBe(any);
  });

  it.each([
    ['see [a](http://evil.example) now', 'see `[a](http://evil.example)` now'],
    ['a`b', '`` a`b ``'],
    ['\u202ex', '`\\u202ex`'],
    ['www.evil.example', '`www.evil.example`'],
    ['_x_', '`_x_`'],
  ])('writes %j as %s', (any, markdown) => {
    expect(escapeMarkdown(any)).toBe(markdown);
  });
});
