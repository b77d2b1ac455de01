import { realpath } from 'node:fs/promises';
import { isBelow, localPath } from './file-source.js';

/** Which files this host alone has. */
export interface FileHost {
  /** By the name that requests know it by; `undefined`: no file is only here. */
  readonly host?: string | undefined;
  /** Folders that every worker sees under the same paths. */
  readonly sharedRoots: readonly string[];
}

/**
 * The host that alone has a file which this process names: this one, unless the file is on a shared mount, by its path
 * and by where it really lies. A link that leads out of a mount, or into it, is another one elsewhere, or none.
 *
 * @returns `undefined` where any worker may read the source
 */
export async function hostFor(source: string, { host, sharedRoots }: FileHost): Promise<string | undefined> {
  if (host === undefined || !URL.canParse(source)) return undefined;
  const url = new URL(source);
  if (url.protocol !== 'file:') return undefined;
  const path = localPath(url);
  return path !== undefined && (await isShared(path, sharedRoots)) ? undefined : host;
}

async function isShared(path: string, roots: readonly string[]): Promise<boolean> {
  if (!roots.some((root) => isBelow(root, path))) return false;
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return false;
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  return realRoots.some((root) => isBelow(root, real));
}
