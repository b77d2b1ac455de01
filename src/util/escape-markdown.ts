import { printable } from './printable.js';

/** Matches a word that no Markdown dialect changes: no syntax, no link, no e-mail address. */
const PLAIN = /^(?:[A-Za-z\d\u{80}-\u{10ffff}.,;:'"()/%?+=-]|(?<=[\p{L}\p{N}])_(?=[\p{L}\p{N}]))+$/u;
/** Matches a plain word that starts a list or a heading at the start of a line, or that dialects link. */
const SPECIAL = /^(?:[-+=]+|\p{N}+[.)])$|:\/\/|www\./iu;

/**
 * Returns a text as Markdown that shows it unchanged, on one line. Words with a meaning in Markdown become code: backslashes would
 * be visible in lists that show summaries as they are, and do not keep a URL from becoming a link. Safe for workflow code.
 */
export const escapeMarkdown = (text: string): string =>
  printable(text)
    .split(' ')
    .map((word) => (word === '' || isPlain(word) ? word : code(word)))
    .join(' ');

const isPlain = (word: string) => PLAIN.test(word) && !SPECIAL.test(word);

/** Returns a code span, with more backticks around it than there are inside. */
function code(word: string): string {
  const runs = word.match(/`+/g) ?? [];
  const fence = '`'.repeat(1 + Math.max(0, ...runs.map((run) => run.length)));
  const padding = runs.length > 0 ? ' ' : '';
  return fence + padding + word + padding + fence;
}
