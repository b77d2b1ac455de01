import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UploadError } from '../contract/errors.js';
import type { StorageLocation } from '../contract/results.js';
import { commonDirectoryOf } from '../contract/results-location.js';
import { isBelow } from '../files/roots.js';
import { type ObjectLocation, objectLocation } from '../files/s3-source.js';
import { quote } from '../util/quote.js';

/** Where one package goes. */
export type Destination =
  | {
      readonly kind: 'file';
      readonly location: string;
      readonly path: string;
      /** Root that contains the path. */
      readonly root: string;
    }
  | { readonly kind: 's3'; readonly location: string; readonly bucket: string; readonly key: string };

/**
 * Returns where a package goes, if the worker may write there. Symlinks are resolved later, when directories are created.
 *
 * @param location URL without placeholders
 * @param roots directories and S3 prefixes to which results may be written
 * @throws {@link UploadError} `RESULTS_NOT_ALLOWED`
 */
export function destinationFor(location: string, roots: readonly StorageLocation[]): Destination {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (!url) throw notAllowed(location, roots);
  if (url.protocol === 'file:') {
    const path = fileURLToPath(url);
    const root = roots.find((each) => 'path' in each && isBelow(each.path, path));
    if (root && 'path' in root) return { kind: 'file', location, path, root: root.path };
    throw notAllowed(path, roots);
  }
  const object = url.protocol === 's3:' ? objectLocation(url) : undefined;
  if (
    object &&
    roots.some((root) => 'bucket' in root && root.bucket === object.bucket && hasPrefix(object.key, root))
  )
    return { kind: 's3', location, bucket: object.bucket, key: object.key };
  throw notAllowed(location, roots);
}

/**
 * Checks, before anything is paid for, that packages can be written to a template. What depends on the values of its placeholders is
 * checked when a package is fetched.
 *
 * @param template URL, which may contain placeholders
 * @param roots directories and S3 prefixes to which results may be written
 * @throws {@link UploadError} `RESULTS_NOT_ALLOWED` if the worker may not write there, whatever the values are
 */
export function assertMayWrite(template: string, roots: readonly StorageLocation[]): void {
  const anyFile = new URL(`${commonDirectoryOf(template)}/any`);
  const object = objectLocation(anyFile);
  const isPossible =
    anyFile.protocol === 'file:'
      ? roots.some((root) => 'path' in root && areNested(root.path, dirname(fileURLToPath(anyFile))))
      : roots.some((root) => 'bucket' in root && isPossibleObject(object, root));
  if (!isPossible) throw notAllowed(template, roots);
}

const areNested = (one: string, other: string) => one === other || isBelow(one, other) || isBelow(other, one);

function isPossibleObject(
  object: ObjectLocation | undefined,
  root: { readonly bucket: string; readonly prefix: string },
): boolean {
  if (!object) return false;
  const { bucket, key } = object;
  const directory = key.slice(0, key.lastIndexOf('/') + 1);
  return bucket === root.bucket && (hasPrefix(key, root) || root.prefix.startsWith(directory));
}

const hasPrefix = (key: string, { prefix }: { readonly prefix: string }) =>
  prefix === '' || key.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);

/** Returns the error for a location outside of all roots. */
function notAllowed(location: string, roots: readonly StorageLocation[]): UploadError {
  const allowed =
    roots.length === 0
      ? 'APLOS_UPLOAD_RESULTS_ROOTS is not set'
      : `APLOS_UPLOAD_RESULTS_ROOTS only has ${roots.map(({ text }) => quote(text)).join(', ')}`;
  return new UploadError(
    'RESULTS_NOT_ALLOWED',
    `The worker may not write results to ${quote(location)}: ${allowed}`,
    roots.length === 0
      ? { action: 'Set it on the worker to the directory or the bucket for results, and restart the worker.' }
      : {},
  );
}
