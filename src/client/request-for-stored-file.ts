import type { UploadRequestInput } from '../contract/request.js';
import { storedFileSource } from '../contract/source.js';
import type { RunRef } from '../contract/stored-file.js';

/** A file that an upload has stored at Aplos. */
export interface StoredFile {
  readonly profile: string;
  readonly fileName: string;
  readonly fileId: string;
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string;
  readonly sizeBytes?: number | undefined;
  /** Run that uploaded the file. The worker reads there which bytes were stored. */
  readonly storedBy?: RunRef;
  /** Failed run that a new analysis of the file corrects. Default: none */
  readonly correctionOf?: RunRef;
}

/**
 * Returns the request that analyzes a file which Aplos already has. Nothing is uploaded. The work is the same as with an upload of the
 * file, so an analysis that was paid before is found, whichever of the two started it.
 *
 * @param rest remaining fields of the request, e.g. its executions
 */
export function requestForStoredFile(
  { profile, fileName, fileId, sha256, sizeBytes, storedBy, correctionOf }: StoredFile,
  rest: Omit<UploadRequestInput, 'source' | 'expect' | 'fileName' | 'host'>,
): UploadRequestInput {
  return {
    profile,
    ...rest,
    source: storedFileSource(fileId),
    fileName,
    expect: { sha256, ...(sizeBytes === undefined ? {} : { sizeBytes }) },
    ...(storedBy ? { storedBy } : {}),
    ...(correctionOf ? { correctionOf } : {}),
  };
}
