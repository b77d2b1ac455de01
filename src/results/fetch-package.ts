import type { ResultsPackage, StorageLocation } from '../contract/results.js';
import type { S3Access } from '../files/s3-source.js';
import { destinationFor } from './destination.js';
import type { FetchOptions, PackageRequest } from './package-request.js';

/** Where a worker may write results, and how. */
export interface ResultsAccess {
  /** Directories and S3 prefixes to which results may be written. */
  readonly roots: readonly StorageLocation[];
  /** Loads the AWS SDK on its first call. */
  readonly s3: () => Promise<S3Access>;
}

/**
 * Downloads the results of an execution, checks them, and stores them. Under the final name, there is the whole package or
 * nothing, and nothing is overwritten. If the package is there already, nothing is written.
 *
 * @throws {@link UploadError} `RESULTS_…`, `S3_UNREACHABLE`, `S3_UNAVAILABLE`, `S3_HOST_REFUSED`, or what the request for a link
 * throws
 * @throws the signal's reason if aborted
 */
export async function fetchPackage(
  request: PackageRequest,
  { roots, s3 }: ResultsAccess,
  options: FetchOptions,
): Promise<ResultsPackage> {
  const destination = destinationFor(request.location, roots);
  if (destination.kind === 'file') {
    const { fetchToFile } = await import('./fetch-to-file.js');
    return fetchToFile(request, destination, options);
  }
  const { fetchToBucket } = await import('./fetch-to-bucket.js');
  return fetchToBucket(request, destination, await s3(), options);
}
