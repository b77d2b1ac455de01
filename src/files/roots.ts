import { type FileHandle, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, parse, relative, sep } from 'node:path';
import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';

/** Reports whether a path is in a directory or its subdirectories, without resolving symlinks. */
export function isBelow(root: string, path: string): boolean {
  const rest = relative(root, path);
  return rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}

/** Like Linux, which returns ELOOP then. */
const MAX_SYMLINKS = 40;

/** The directories that must contain a file. */
export class Roots {
  readonly #roots: readonly string[];
  readonly #path: string;
  /** The roots, and what they are after all symlinks are resolved. */
  #all: Promise<readonly string[]> | undefined;

  /** @param path absolute path of the file */
  constructor(roots: readonly string[], path: string) {
    this.#roots = roots;
    this.#path = path;
  }

  /**
   * Resolves all symlinks. A symlink in the roots that leads out of them is not followed, so the result does not depend on
   * what exists there.
   *
   * @throws {@link UploadError} `FILE_OUTSIDE_ROOTS`
   * @throws the system's error if the file is in the roots, and does not exist or cannot be read
   */
  async realPath(): Promise<string> {
    if (this.#roots.length === 0) return realpath(this.#path);
    const real = await this.#resolve(await this.#realRoots());
    if (!(await this.#contain(real))) throw this.#outside();
    if (this.#path.endsWith(sep)) await stat(real + sep); // throws ENOTDIR for a file
    return real;
  }

  /** Checks the location of the open file. If the kernel does not report it, the file must be the one now at its path. */
  async assertOpened(handle: FileHandle, real: string): Promise<void> {
    if (this.#roots.length === 0) return;
    const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined);
    if (opened === undefined ? await isAt(real, handle) : await this.#contain(opened)) return;
    throw this.#outside();
  }

  async #resolve(roots: readonly string[]): Promise<string> {
    let location = parse(this.#path).root;
    let rest = partsOf(this.#path);
    let hasEntered = false;
    for (let links = 0; rest.length > 0; ) {
      const [part = '', ...others] = rest;
      rest = others;
      if (part === '..') {
        location = dirname(location);
        continue;
      }
      const next = join(location, part);
      if (roots.some((root) => root === next || isBelow(next, root))) {
        location = await realpath(next); // a root, or a directory that contains one
        continue;
      }
      const isInRoots = roots.some((root) => isBelow(root, next));
      if (hasEntered && !isInRoots) throw this.#outside();
      hasEntered ||= isInRoots;
      const target = await this.#linkTarget(next, isInRoots);
      if (target === undefined) {
        location = next;
        continue;
      }
      links += 1;
      if (links > MAX_SYMLINKS) throw isInRoots ? tooManyLinks(this.#path) : this.#outside();
      if (isAbsolute(target)) location = parse(target).root;
      rest = [...partsOf(target), ...rest];
    }
    return location;
  }

  /** Returns the target of a symlink; `undefined` if the path is not a symlink. */
  async #linkTarget(path: string, isInRoots: boolean): Promise<string | undefined> {
    try {
      return await readlink(path);
    } catch (error) {
      if (systemErrorCode(error) === 'EINVAL') return undefined;
      throw isInRoots ? error : this.#outside();
    }
  }

  async #contain(path: string): Promise<boolean> {
    return (await this.#realRoots()).some((root) => isBelow(root, path));
  }

  #realRoots(): Promise<readonly string[]> {
    this.#all ??= Promise.all(this.#roots.map((root) => realpath(root).catch(() => root))).then((real) => [
      ...new Set([...this.#roots, ...real]),
    ]);
    return this.#all;
  }

  #outside(): UploadError {
    return new UploadError(
      'FILE_OUTSIDE_ROOTS',
      `The file ${quote(this.#path)} is outside the directories that the worker may read: ${this.#roots.map(quote).join(', ')}`,
    );
  }
}

const partsOf = (path: string) => path.split(sep).filter((part) => part !== '' && part !== '.');

const tooManyLinks = (path: string) =>
  Object.assign(new Error(`ELOOP: too many symbolic links, '${path}'`), { code: 'ELOOP' });

async function isAt(path: string, handle: FileHandle): Promise<boolean> {
  const [opened, atPath, real] = await Promise.all([
    handle.stat({ bigint: true }),
    stat(path, { bigint: true }),
    realpath(path),
  ]);
  return real === path && opened.ino === atPath.ino && opened.dev === atPath.dev;
}
