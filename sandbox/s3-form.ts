import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { Busboy } from '@fastify/busboy';
import { S3Error } from './s3-error.js';

/** A multipart form up to its file. */
export interface S3Form {
  /** Fields before the file, in the order received. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Bytes of the body that were read so far. */
  readonly held: Buffer;
  /** Offset of the file's first byte in the body. */
  readonly fileStart: number;
}

const MAX_FIELD_BYTES = 20 * 1024;

/**
 * Reads a multipart form until its file begins, and pauses there.
 *
 * @throws S3Error if S3 refuses the form
 */
export async function readFormUpToFile(request: IncomingMessage): Promise<S3Form> {
  const contentType = request.headers['content-type'];
  if (!contentType?.startsWith('multipart/form-data'))
    throw new S3Error(
      412,
      'PreconditionFailed',
      'Bucket POST must be of the enclosure-type multipart/form-data',
    );
  const fields: [string, string][] = [];
  const chunks: Buffer[] = [];
  let fileBegan = false;
  const parser = new Busboy({
    headers: { ...request.headers, 'content-type': contentType },
    isPartAFile: (name) => name === 'file',
  });
  parser.on('field', (name, value) => fields.push([name, value]));
  parser.on('file', (_name, stream) => {
    fileBegan = true;
    stream.on('error', () => {});
    stream.resume();
  });
  let broken = false;
  parser.on('error', () => {
    broken = true;
  });

  // By default, leaving the loop would destroy the request.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    parser.write(chunk);
    if (fileBegan || broken) break;
    if (chunks.reduce((sum, { length }) => sum + length, 0) > MAX_FIELD_BYTES)
      throw new S3Error(
        400,
        'MaxPostPreDataLengthExceeded',
        'Your POST request fields preceding the upload file were too large.',
      );
  }
  if (broken)
    throw new S3Error(
      400,
      'MalformedPOSTRequest',
      'The body of your POST request is not well-formed multipart/form-data.',
    );
  if (!fileBegan)
    throw new S3Error(400, 'InvalidArgument', 'POST requires exactly one file upload per request.');
  // The parser emits the last fields one tick later.
  await setImmediate();
  const held = Buffer.concat(chunks);
  return { fields, held, fileStart: held.indexOf('\r\n\r\n', held.indexOf('name="file"')) + 4 };
}
