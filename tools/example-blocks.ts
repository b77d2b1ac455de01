/** The programs of examples/ as code blocks of the pages that show them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A block of code whose first line names the file after the language: "```ts examples/typescript/upload-and-wait.ts". */
const BLOCK = /^```(?<language>\w+) (?<path>examples\/[\w./-]+)\n.*?^```$/gms;

/** Returns a page with the content of each file in the blocks that name one. */
export const withExamples = (page: string): string =>
  page.replaceAll(BLOCK, (_block, language: string, path: string) => {
    return `\`\`\`${language} ${path}\n${readFileSync(path, 'utf8')}\`\`\``;
  });

/** Returns the paths of the files that pages of docs/ show. */
export const shownExamples = (): Set<string> =>
  new Set(
    pagePaths().flatMap((path) =>
      Array.from(readFileSync(path, 'utf8').matchAll(BLOCK), ({ groups }) => groups?.path ?? ''),
    ),
  );

/** Pages of docs/ that show an example, with the current content of the files. */
export const pagesWithExamples = (): { path: string; content: string }[] =>
  pagePaths()
    .map((path) => ({ path, page: readFileSync(path, 'utf8') }))
    .filter(({ page }) => page.search(BLOCK) !== -1)
    .map(({ path, page }) => ({ path, content: withExamples(page) }));

const pagePaths = (): string[] =>
  readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name));
