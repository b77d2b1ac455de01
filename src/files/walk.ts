import { isUtf8 } from 'node:buffer';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pMap from 'p-map';
import { type ListedName, listFolder, statListed, whileListed } from './listing.js';
import { deadLink, invalidName, unreadableFolder, type WalkProblem } from './walk-problems.js';

/** A file or folder that a walk found. */
export interface WalkedFile {
  /** Absolute path, in which links are not resolved. */
  readonly path: string;
  /** Absolute path after all links are resolved. */
  readonly realPath: string;
}

/** A link, or what a linked folder contains, that leads to a file or folder which the walk already has. */
export interface Repeat {
  readonly path: string;
  /** Path under which the walk has it. */
  readonly sameAs: string;
}

/** Everything below a folder. Nothing that is in scope is left out silently. */
export interface Walk {
  readonly files: readonly WalkedFile[];
  /** Folders that were listed, the first one included. */
  readonly folders: readonly WalkedFile[];
  readonly problems: readonly WalkProblem[];
  readonly repeats: readonly Repeat[];
}

/** Selects what a walk visits. Paths are relative to the folder, with slashes. */
export interface WalkScope {
  /** Reports whether a file belongs to the result. */
  readonly wants: (path: string) => boolean;
  /** Reports whether a folder may contain files of the result. */
  readonly enters: (path: string) => boolean;
  /** Reports whether a file is listed under each of its links. Default: each real file is listed once. */
  readonly repeats?: (path: string) => boolean;
}

const LIST_CONCURRENCY = 16;

/**
 * Lists the files in a folder and its subfolders. Links are followed, and each real folder and file is listed once, under
 * its own path if that is below the folder. Two hard links are two files. A file that was removed meanwhile is no problem;
 * one that is still listed and cannot be opened is.
 */
export async function walk(folder: string, scope: WalkScope): Promise<Walk> {
  const root = resolve(folder);
  const walker = new Walker(root, scope);
  try {
    await walker.run(await realpath(root));
  } catch (error) {
    walker.problems.push(unreadableFolder(root, error));
  }
  walker.problems.sort(byPath);
  walker.repeats.sort(byPath);
  return walker;
}

/** A place in the tree: its path relative to the root, and its real path. */
interface Place {
  readonly path: string;
  readonly realPath: string;
}

class Walker implements Walk {
  readonly files: WalkedFile[] = [];
  readonly folders: WalkedFile[] = [];
  readonly problems: WalkProblem[] = [];
  readonly repeats: Repeat[] = [];
  readonly #root: string;
  readonly #scope: WalkScope;
  /** Paths of the folders and files that were taken, by their real paths. */
  readonly #taken = new Map<string, string>();
  #links: string[] = [];

  constructor(root: string, scope: WalkScope) {
    this.#root = root;
    this.#scope = scope;
  }

  /** Visits real folders first, so that what is below the root is known by its own path, then linked folders, then linked files. */
  async run(realRoot: string): Promise<void> {
    const linkedFiles: Place[] = [];
    let folders: Place[] = [{ path: '', realPath: realRoot }];
    while (folders.length > 0) {
      await this.#visitAll(folders);
      const links = this.#links.splice(0).sort();
      const found = await pMap(links, (link) => this.#follow(link), { concurrency: LIST_CONCURRENCY });
      folders = found.flatMap((each) => (each?.kind === 'folder' ? [each] : []));
      linkedFiles.push(...found.flatMap((each) => (each?.kind === 'file' ? [each] : [])));
    }
    for (const file of linkedFiles.sort(byPath)) this.#take(file);
  }

  async #visitAll(folders: readonly Place[]): Promise<void> {
    let level = folders;
    while (level.length > 0) {
      const fresh = level.filter((folder) => this.#isFirst(folder));
      const lists = await pMap(fresh, (folder) => this.#visit(folder), { concurrency: LIST_CONCURRENCY });
      level = lists.flat().sort(byPath);
    }
  }

  /** Lists a folder. Returns its subfolders. */
  async #visit(folder: Place): Promise<Place[]> {
    const absolute = this.#absolute(folder.path);
    const list = folder.path === '' ? listFolder(absolute) : whileListed(absolute, listFolder);
    const names = await list.catch((error: unknown) => {
      this.problems.push(unreadableFolder(absolute, error));
    });
    if (names) this.folders.push({ path: absolute, realPath: folder.realPath });
    return (names ?? []).flatMap((each) => this.#sort(folder, each) ?? []);
  }

  /** Takes a file, keeps a link for later, and returns a folder. */
  #sort(folder: Place, { name, kind, invalidBytes }: ListedName): Place | undefined {
    const path = folder.path === '' ? name : `${folder.path}/${name}`;
    const isWanted = kind !== 'folder' && kind !== 'other' && this.#scope.wants(path);
    const isEntered = kind !== 'file' && kind !== 'other' && this.#scope.enters(path);
    if (!isWanted && !isEntered) return undefined;
    if (invalidBytes) {
      const absolute = this.#absolute(path);
      const bytes = Buffer.concat([Buffer.from(`${this.#absolute(folder.path)}/`), invalidBytes]);
      this.problems.push(invalidName(absolute, bytes));
      return undefined;
    }
    const place = { path, realPath: join(folder.realPath, name) };
    if (kind === 'folder') return place;
    if (kind === 'file') this.#take(place);
    else this.#links.push(path);
    return undefined;
  }

  async #follow(path: string): Promise<(Place & { readonly kind: 'file' | 'folder' }) | undefined> {
    const absolute = this.#absolute(path);
    try {
      const bytes = await whileListed(absolute, (link) => realpath(link, { encoding: 'buffer' }));
      const stats = bytes && (await statListed(absolute));
      if (!stats) return undefined;
      if (!isUtf8(bytes)) {
        this.problems.push(invalidName(absolute, bytes));
        return undefined;
      }
      const place = { path, realPath: bytes.toString() };
      if (stats.isDirectory()) return this.#scope.enters(path) ? { ...place, kind: 'folder' } : undefined;
      return stats.isFile() && this.#scope.wants(path) ? { ...place, kind: 'file' } : undefined;
    } catch (error) {
      this.problems.push(await deadLink(absolute, error));
      return undefined;
    }
  }

  #take(file: Place): void {
    if (this.#scope.repeats?.(file.path) || this.#isFirst(file))
      this.files.push({ path: this.#absolute(file.path), realPath: file.realPath });
  }

  #isFirst({ path, realPath }: Place): boolean {
    const absolute = this.#absolute(path);
    const sameAs = this.#taken.get(realPath);
    if (sameAs === undefined) this.#taken.set(realPath, absolute);
    else this.repeats.push({ path: absolute, sameAs });
    return sameAs === undefined;
  }

  #absolute(path: string): string {
    return path === '' ? this.#root : join(this.#root, path);
  }
}

const byPath = (a: { readonly path: string }, b: { readonly path: string }) => (a.path < b.path ? -1 : 1);
