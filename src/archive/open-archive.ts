import type { StorageLocation } from '../contract/results.js';
import type { S3Access } from '../files/s3-source.js';
import type { Archive } from './archive.js';
import { FolderArchive } from './folder-archive.js';

/**
 * Returns an archive. Nothing is opened yet.
 *
 * @param s3 loads the AWS SDK on its first call
 */
export function openArchive(location: StorageLocation, s3: () => Promise<S3Access>): Archive {
  if ('path' in location) return new FolderArchive(location.path);
  const bucket = async () => {
    const { BucketArchive } = await import('./bucket-archive.js');
    return new BucketArchive(location, await s3());
  };
  return {
    location: location.text,
    add: async (...record) => (await bucket()).add(...record),
    check: async () => (await bucket()).check(),
    names: async () => (await bucket()).names(),
    read: async (name) => (await bucket()).read(name),
  };
}
