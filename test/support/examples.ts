import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BLOCK = /^```\w+ (?<name>[\w.-]+)\n(?<text>.*?)^```$/gms;

/** Returns the examples on pages of docs/ by the file name after their language. */
export function examplesOn(...pages: string[]): ReadonlyMap<string, string> {
  const text = pages
    .map((page) => readFileSync(fileURLToPath(new URL(`../../docs/${page}`, import.meta.url)), 'utf8'))
    .join('\n');
  return new Map(Array.from(text.matchAll(BLOCK), ({ groups }) => [groups?.name ?? '', groups?.text ?? '']));
}
