import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { UploadError } from '../contract/errors.js';
import { syncDirectory, systemReason } from '../files/new-file.js';
import { isBelow } from '../files/roots.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { unwritable } from './write-errors.js';

/**
 * Creates the directory of a file, one level at a time, so that nothing is created where a symlink leads out of the root. The
 * root must exist: if it does not, a file system may not be mounted.
 *
 * @returns the directory after all symlinks are resolved
 * @throws {@link UploadError} `RESULTS_UNWRITABLE`, `RESULTS_NOT_ALLOWED`
 */
export async function createDirectoryOf(path: string, root: string): Promise<string> {
  const realRoot = await realpath(root).catch((error: unknown) => {
    throw unwritable(
      `Cannot write results to ${quote(path)}: the directory ${quote(root)} of APLOS_UPLOAD_RESULTS_ROOTS cannot be used (${systemReason(error)})`,
      error,
    );
  });
  let real = realRoot;
  for (const name of relative(root, dirname(path)).split(sep).filter(Boolean)) {
    const next = join(real, name);
    try {
      await mkdir(next);
      await syncDirectory(real);
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST')
        throw unwritable(`Cannot create the directory ${quote(next)} (${systemReason(error)})`, error);
    }
    real = await realpath(next).catch((error: unknown) => {
      throw unwritable(`Cannot use the directory ${quote(next)} (${systemReason(error)})`, error);
    });
    if (real !== realRoot && !isBelow(realRoot, real))
      throw new UploadError(
        'RESULTS_NOT_ALLOWED',
        `The worker may not write results to ${quote(path)}: the symlink ${quote(next)} leads out of ${quote(root)}`,
      );
  }
  return real;
}
