import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import GithubSlugger from 'github-slugger';
import { beforeAll, describe, expect, it } from 'vitest';

const namesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
const pages = [...readdirSync('.'), ...['docs', 'deploy', 'examples', 'samples'].flatMap(namesIn)].filter(
  (path) => path.endsWith('.md'),
);

const withoutBlocks = (text: string) => text.replaceAll(/^```.*?^```/gms, '');
const withoutCode = (text: string) => withoutBlocks(text).replaceAll(/`[^`\n]*`/g, '');

/** Returns the anchors that GitHub generates for a page's headings, and those that the page defines itself. */
function anchorsOf(path: string): Set<string> {
  const slugger = new GithubSlugger();
  const text = withoutBlocks(readFileSync(path, 'utf8'));
  return new Set([
    ...[...text.matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) => slugger.slug(heading)),
    ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id),
  ]);
}

/** Returns the links of a page to files, with what they link to. */
const linksOf = (page: string) =>
  [...withoutCode(readFileSync(page, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = '', anchor] = link.split('#');
      return { link, target: path === '' ? page : normalize(join(dirname(page), path)), anchor };
    });

describe('the documentation', () => {
  it.each(pages)('has only working links in %s', (page) => {
    const broken = linksOf(page).filter(
      ({ target, anchor }) => !existsSync(target) || (anchor !== undefined && !anchorsOf(target).has(anchor)),
    );
    expect(broken).toEqual([]);
  });

  it.each(pages)('names only files of this repository that exist in %s', (page) => {
    const paths = [
      ...withoutBlocks(readFileSync(page, 'utf8')).matchAll(/`((?:src|tools|test)\/[\w./-]+)`/g),
    ].map(([, path = '']) => path);
    const isPlaceholder = (path: string) => /\b[A-Z]{4,}\b/.test(path);
    expect(paths.filter((path) => !isPlaceholder(path) && !existsSync(path))).toEqual([]);
  });
});

describe('the site', () => {
  const config = readFileSync('site/.vitepress/config.mts', 'utf8');
  const isShown = (page: string) => page !== 'docs/errors.md' && !page.startsWith('docs/decisions/');

  it.each(pages.filter((page) => page.startsWith('docs/') && isShown(page)))(
    'lists %s once in its sidebar',
    (page) => {
      const link = page.slice('docs/'.length, -'.md'.length);
      expect(config.split(`, '${link}'`)).toHaveLength(2);
    },
  );
});

describe('the package', () => {
  let packed: Set<string>;

  beforeAll(() => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ files } = { files: [] }] = JSON.parse(output) as { files: { path: string }[] }[];
    packed = new Set(files.flatMap(({ path }) => [path, ...foldersOf(path)]));
  });

  it('contains everything that its pages link to', () => {
    const dead = pages
      .filter((page) => packed.has(page))
      .flatMap((page) =>
        linksOf(page)
          .filter(({ target }) => !packed.has(target.replace(/\/$/, '')))
          .map(({ link }) => `${page}: ${link}`),
      );
    expect(dead).toEqual([]);
  });
});

function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === '.' ? [] : [folder, ...foldersOf(folder)];
}
