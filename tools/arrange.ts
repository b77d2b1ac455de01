import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** Specifier of a relative import in compiled code or declarations. */
const SPECIFIER = /((?:\bfrom|\bimport)\s*\(?\s*['"])(\.{1,2}\/[^'"]+)(['"])/g;

/**
 * Arranges a compiled folder as it is installed: the content of `src` comes to the top, next to `sandbox`. Corrects the
 * relative imports between the two, and the paths of source maps.
 */
export function arrange(folder: string): void {
  const top = resolve(folder);
  const installed = (path: string) => {
    const [room = '', ...rest] = relative(top, path).split(sep);
    return join(top, ...(room === 'src' ? [] : [room]), ...rest);
  };
  for (const name of readdirSync(top, { recursive: true, encoding: 'utf8' })) {
    const path = join(top, name);
    const moved = dirname(installed(path));
    if (/\.(js|d\.ts)$/.test(name)) {
      const text = readFileSync(path, 'utf8').replace(
        SPECIFIER,
        (_whole, before: string, specifier: string, after: string) => {
          const to = relative(moved, installed(resolve(dirname(path), specifier))).replaceAll(sep, '/');
          return `${before}${to.startsWith('.') ? to : `./${to}`}${after}`;
        },
      );
      writeFileSync(path, text);
    } else if (name.endsWith('.map')) {
      const map = JSON.parse(readFileSync(path, 'utf8')) as { sources: string[] };
      const sources = map.sources.map((source) => relative(moved, resolve(dirname(path), source)));
      writeFileSync(path, JSON.stringify({ ...map, sources }));
    }
  }
  for (const name of readdirSync(join(top, 'src'))) renameSync(join(top, 'src', name), join(top, name));
  rmSync(join(top, 'src'), { recursive: true });
  mkdirSync(join(top, 'sandbox/servers'), { recursive: true });
  copyFileSync('sandbox/servers/requirements.txt', join(top, 'sandbox/servers/requirements.txt'));
}
