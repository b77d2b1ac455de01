import FormData from 'form-data';

/** A form with one file, as `multipart/form-data`: what goes before the file's bytes, and what after. */
export interface Multipart {
  readonly head: Buffer;
  readonly tail: Buffer;
  /** `Content-Type` with the boundary, and the exact `Content-Length`: S3 refuses chunked forms. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Makes the form of an S3 POST Object: the fields in their order, then the file, which has to be last as S3
 * ignores what follows it (source: Amazon S3, "POST Object").
 *
 * @param fields all that came with the presigned POST
 * @param fileName the file's name in the form; quotes and line breaks in it are percent-encoded, as browsers do
 * @param sizeBytes the file's size
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
