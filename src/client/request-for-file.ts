import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { UploadRequestInput } from '../contract/request.js';
import { hashFile, openSource } from '../files/source.js';

/**
 * Creates the request for a file that the worker can read under the same path as this process. Reads the whole file once
 * to hash it, so that the worker can verify that it did not change.
 *
 * @param path absolute path, or path relative to the working directory
 * @param rest remaining fields of the request, e.g. its executions
 * @throws UploadError with a `FILE_…` code if the file cannot be read or uploaded
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
