/** Matches a character that a terminal acts on or does not show: controls, bidirectional and invisible ones, halves of surrogate pairs. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Returns a text on one line that shows every character as it is. A character that a terminal would act on or not show becomes an
 * escape of JSON, so JSON stays the same JSON. Safe for workflow code.
 */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escapeUnits(character));

/** Escapes each UTF-16 code unit, as JSON does: `\u202e`, or a pair for a character above U+FFFF. */
const escapeUnits = (character: string) =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
