import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Folder of the package `aplos-upload-client`, ready to be packed. */
export const CLIENT_PACKAGE = 'dist-client';

/** Import or export at the start of a line. */
const STATIC_IMPORT = /^(?:import\s*|(?:import|export)\b[^;'"=(]*?\bfrom\s*)['"]([^'"]+)['"]/gm;
/** Import that is a call in code, and a type in declarations. */
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Types that declarations of Temporal's packages need, and these packages do not bring. */
const TYPES = ['@types/ms'];

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly engines: object;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * Builds the package of the client from the built files: those that its door leads to, and what they depend on. Packages that
 * are imported dynamically are left out, because only workers read such sources.
 *
 * @param dist folder with the built files
 */
export function buildClientPackage(dist: string): void {
  const { version, license, engines, dependencies } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  ) as Manifest;
  const { files, packages } = reachable(
    ['client.js', 'client.d.ts', 'nexus.js', 'nexus.d.ts'].map((door) => resolve(dist, door)),
  );
  rmSync(CLIENT_PACKAGE, { recursive: true, force: true });
  for (const file of files) copy(file, join(CLIENT_PACKAGE, 'dist', relative(dist, file)));
  for (const [from, to = from] of [['client/README.md', 'README.md'], ['LICENSE'], ['schema']])
    copy(from ?? '', join(CLIENT_PACKAGE, to ?? ''));
  const needed = [...packages, ...TYPES].sort().map((name) => {
    const range = dependencies[name];
    if (range === undefined) throw new Error(`The client imports ${name}, which is not a dependency`);
    return [name, range];
  });
  const manifest = JSON.parse(readFileSync('client/package.json', 'utf8')) as object;
  const complete = { ...manifest, version, license, engines, dependencies: Object.fromEntries(needed) };
  writeFileSync(join(CLIENT_PACKAGE, 'package.json'), `${JSON.stringify(complete, null, 2)}\n`);
}

/** Returns the files that some files import, directly or not, and the packages that all of them import. */
function reachable(doors: readonly string[]): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const open = [...doors];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    if (existsSync(`${file}.map`)) files.add(`${file}.map`);
    const isDeclaration = file.endsWith('.d.ts');
    const text = withoutComments(readFileSync(file, 'utf8'));
    const [always, dynamic] = [STATIC_IMPORT, DYNAMIC_IMPORT].map((pattern) =>
      Array.from(text.matchAll(pattern), ([, specifier = '']) => specifier),
    );
    const needed = [...(always ?? []), ...(isDeclaration ? (dynamic ?? []) : [])];
    for (const specifier of [...needed, ...(dynamic ?? [])].filter((each) => each.startsWith('.'))) {
      const target = resolve(dirname(file), specifier);
      open.push(isDeclaration ? target.replace(/\.js$/, '.d.ts') : target);
    }
    for (const specifier of needed.filter((each) => !/^(\.|node:)/.test(each)))
      packages.add(packageOf(specifier));
  }
  return { files, packages };
}

const withoutComments = (text: string) => text.replaceAll(/\/\*.*?\*\//gs, '');

const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
}
