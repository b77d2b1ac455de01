import FormData from 'form-data';

/** The body of a `multipart/form-data` request with one file: the parts before and after the bytes of the file. */
export interface Multipart {
  readonly head: Buffer;
  readonly tail: Buffer;
  /** `Content-Type` with the boundary, and the exact `Content-Length`, because S3 refuses chunked forms. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Builds the body of an S3 POST Object request: the fields in their order, then the file. The file is last because S3
 * ignores the fields after it (source: Amazon S3, "POST Object").
 *
 * @param fields all fields of the presigned POST
 * @param fileName name of the file in the form; quotes and line breaks are percent-encoded, as in browsers
 */
export function multipart(
  fields: Readonly<Record<string, string>>,
  fileName: string,
  sizeBytes: number,
): Multipart {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', Buffer.alloc(0), { filename: fileName, knownLength: sizeBytes });
  const aroundFile = form.getBuffer();
  const tailBytes = Buffer.byteLength(`\r\n--${form.getBoundary()}--\r\n`);
  return {
    head: aroundFile.subarray(0, -tailBytes),
    tail: aroundFile.subarray(-tailBytes),
    headers: { ...form.getHeaders(), 'content-length': String(form.getLengthSync()) },
  };
}
