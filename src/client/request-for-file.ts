import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { UploadRequestInput } from '../contract/request.js';
import { hashFile, openSource } from '../files/source.js';

/**
 * Makes the request for a file that this process sees under the same path as the worker does. The file is
 * read once, so that the worker can tell whether it still is the same.
 *
 * @param path absolute, or relative to the working directory
 * @param rest what else the request says, e.g. its executions
 * @throws UploadError with a `FILE_…` code
 */
export async function requestForFile(
  path: string,
  rest: Omit<UploadRequestInput, 'source' | 'expect'> = {},
): Promise<UploadRequestInput> {
  const source = pathToFileURL(resolve(path)).href;
  const file = await openSource(source, rest.fileName ?? basename(path));
  try {
    const { sizeBytes, sha256 } = await hashFile(file);
    return { ...rest, source, expect: { sizeBytes, sha256 } };
  } finally {
    await file.close();
  }
}
