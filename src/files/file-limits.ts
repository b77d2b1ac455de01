import { UploadError } from '../contract/errors.js';
import { FILE_TYPES, MAX_FILE_BYTES } from '../contract/names.js';
import { quote } from '../util/quote.js';

/** @throws {@link UploadError} `FILE_TYPE_UNSUPPORTED` */
export function assertSupportedType(fileName: string): void {
  if (!hasSupportedType(fileName)) throw unsupportedType(fileName);
}

/** Reports whether Aplos NCA accepts files with this name. */
export function hasSupportedType(fileName: string): boolean {
  const name = fileName.toLowerCase();
  return FILE_TYPES.some((extension) => name.endsWith(extension));
}

/** Returns the error for a file that Aplos NCA does not accept. */
export const unsupportedType = (fileName: string): UploadError =>
  new UploadError(
    'FILE_TYPE_UNSUPPORTED',
    `Aplos NCA does not support files like ${quote(fileName)}, only ${FILE_TYPES.join(', ')}`,
  );

/** @throws {@link UploadError} `FILE_EMPTY`, `FILE_TOO_LARGE` */
export function assertSupportedSize(path: string, sizeBytes: number | bigint): void {
  if (BigInt(sizeBytes) === 0n) throw new UploadError('FILE_EMPTY', `The file ${quote(path)} is empty`);
  if (sizeBytes > MAX_FILE_BYTES)
    throw new UploadError('FILE_TOO_LARGE', `The file ${quote(path)} has ${sizeBytes} bytes`);
}
