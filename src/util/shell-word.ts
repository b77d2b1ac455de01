import { printable } from './printable.js';

const PLAIN = /^[A-Za-z0-9_+:,./@%-]+$/;

/**
 * Quotes a word for a command that people paste into a POSIX shell. Control and invisible characters are written as the escapes of
 * `$'…'`, which Bash, Zsh and Ksh know. A shell that does not know them sees other text, but runs nothing. Safe for workflow code.
 */
export function shellWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (printable(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${[...word].map(escapeCharacter).join('')}'`;
}

/** An escaped quote would end the word in a shell that does not know `$'…'`. */
function escapeCharacter(character: string): string {
  if (character === '\\') return '\\\\';
  if (character !== "'" && printable(character) === character) return character;
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => `\\${byte.toString(8).padStart(3, '0')}`,
  ).join('');
}
