import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ResultsPackage } from '../contract/results.js';
import { unpackedLocation } from '../contract/results-location.js';
import { linkOrRename, syncDirectory } from '../files/new-file.js';
import type { ReadTimeouts } from '../files/read-timeouts.js';
import { systemErrorCode } from '../util/system-error.js';
import type { Destination } from './destination.js';
import { createDirectoryOf } from './directories.js';
import { type DownloadedBytes, download, hashOf } from './download.js';
import { inspectPackage } from './inspect.js';
import { PackageObject } from './package-object.js';
import type { FetchOptions, PackageRequest } from './package-request.js';
import { remove, TemporaryNames } from './temporary-names.js';
import { unpackedDirectory } from './unpacked.js';
import { asUnwritable, exists } from './write-errors.js';

/** Fetches a package into a directory. It gets its name once all of it is there and checked. */
export async function fetchToFile(
  request: PackageRequest,
  { location, path: requestedPath, root }: Destination & { readonly kind: 'file' },
  options: FetchOptions,
): Promise<ResultsPackage> {
  const directory = await createDirectoryOf(requestedPath, root);
  const path = join(directory, basename(requestedPath));
  const names = new TemporaryNames(directory, location, options.owner);
  await names.removeLeftovers().catch((error: unknown) => {
    throw asUnwritable(error, directory);
  });
  const object = await PackageObject.open(options.origin, options);
  const temporaryPaths: string[] = [];
  const newName = () => {
    const name = names.create();
    temporaryPaths.push(name);
    return name;
  };
  let handle: FileHandle | undefined;
  try {
    const existing = await openSame(path, object, options);
    const temporaryPath = newName();
    handle = existing?.handle ?? (await openNew(temporaryPath));
    const bytes = existing?.bytes ?? (await download(object, handle, path, options));
    const unpackedPath = request.unpack ? unpackedLocation(path) : undefined;
    const unpacked =
      unpackedPath === undefined ? undefined : await unpackedDirectory(unpackedPath, newName());
    const verified = await inspectPackage(handle, request, {
      ...options,
      ...(unpacked ? { sinkFor: (file) => unpacked.sinkFor(file) } : {}),
    });
    if (!existing) await place(temporaryPath, path, bytes.sha256, handle);
    await unpacked?.place();
    return {
      location,
      ...bytes,
      ...(unpacked ? { unpackedTo: unpackedLocation(location) } : {}),
      ...verified,
    };
  } finally {
    object.close();
    await handle?.close().catch(() => {});
    for (const each of temporaryPaths) await remove(each);
  }
}

const openNew = (path: string): Promise<FileHandle> =>
  open(path, 'wx+').catch((error: unknown) => {
    throw asUnwritable(error, path);
  });

/**
 * Opens the file at a path if it is the package: it has the same size and MD5. If S3 does not return the MD5, the caller has to
 * download the package to compare it.
 *
 * @returns `undefined` if there is no file, or the package has to be downloaded
 * @throws {@link UploadError} `RESULTS_EXIST`, `RESULTS_UNWRITABLE`
 */
async function openSame(
  path: string,
  object: PackageObject,
  timeouts: ReadTimeouts,
): Promise<{ readonly handle: FileHandle; readonly bytes: DownloadedBytes } | undefined> {
  const found = await lstat(path).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw asUnwritable(error, path);
  });
  if (!found) return undefined;
  if (!found.isFile()) throw exists(path, 'is not a file');
  if (found.size !== object.sizeBytes)
    throw exists(path, `has ${found.size} bytes, while the package has ${object.sizeBytes}`);
  if (object.md5 === undefined) return undefined;
  const handle = await openToRead(path);
  try {
    const { md5, sha256 } = await hashOf(handle, timeouts);
    if (md5 === object.md5) return { handle, bytes: { sizeBytes: found.size, sha256 } };
    throw exists(path, 'has another file than the package');
  } catch (error) {
    await handle.close();
    timeouts.signal?.throwIfAborted();
    throw asUnwritable(error, path);
  }
}

const openToRead = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw asUnwritable(error, path);
  });

/** Gives a complete file its name, unless the name is taken. */
async function place(temporaryPath: string, path: string, sha256: string, handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
    if (await linkOrRename(temporaryPath, path)) return await syncDirectory(dirname(path));
  } catch (error) {
    throw asUnwritable(error, path);
  }
  await assertSame(path, sha256);
}

async function assertSame(path: string, sha256: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    throw asUnwritable(error, path);
  });
  if (!found.isFile()) throw exists(path, 'is not a file');
  const handle = await openToRead(path);
  try {
    if ((await hashOf(handle)).sha256 !== sha256) throw exists(path, 'has another file than the package');
  } catch (error) {
    throw asUnwritable(error, path);
  } finally {
    await handle.close();
  }
}
