import { realpath } from 'node:fs/promises';
import { commonDirectoryOf, isOnHost } from '../contract/results-location.js';
import { localPath } from './file-source.js';
import { isBelow } from './roots.js';

/** Files that only this host can read. */
export interface FileHost {
  /** Name of this host in requests. Default: all workers can read all files */
  readonly host?: string | undefined;
  /** Directories that every worker sees under the same paths. */
  readonly sharedRoots: readonly string[];
}

/**
 * Returns the host whose workers must read a source: this host, unless the file is in a shared directory both by its path
 * and after all symlinks are resolved. On other hosts, a symlink into or out of a shared directory may differ or be missing.
 *
 * @returns `undefined` if any worker can read the source
 */
export async function hostFor(source: string, { host, sharedRoots }: FileHost): Promise<string | undefined> {
  if (host === undefined || !URL.canParse(source)) return undefined;
  const url = new URL(source);
  if (url.protocol !== 'file:') return undefined;
  const path = localPath(url);
  return path !== undefined && (await isShared(path, sharedRoots)) ? undefined : host;
}

/**
 * Returns the host whose workers must run an upload: because of its source, or because its results go to a directory of this host.
 *
 * @returns `undefined` if any worker can
 */
export async function hostForUpload(
  { source, results }: { readonly source: string; readonly results?: string | undefined },
  files: FileHost,
): Promise<string | undefined> {
  const host = await hostFor(source, files);
  if (host !== undefined || results === undefined || !isOnHost(results)) return host;
  return hostFor(commonDirectoryOf(results), files);
}

async function isShared(path: string, roots: readonly string[]): Promise<boolean> {
  if (!roots.some((root) => isBelow(root, path))) return false;
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return false;
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  return realRoots.some((root) => isBelow(root, real));
}
