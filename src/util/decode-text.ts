import { isUtf8 } from 'node:buffer';

/**
 * A text that is not UTF-8. Its message names the encoding and the line, e.g. `is UTF-16 (little-endian) from line 1 on, not UTF-8`, but
 * nothing of the text, which may be a secret.
 */
export class EncodingError extends Error {}

/**
 * Decodes UTF-8 strictly. A byte order mark at the start is dropped.
 *
 * @param firstLine number of the first line, for messages. Default: 1
 * @throws EncodingError if the bytes are UTF-16, UTF-32 or something else than UTF-8
 */
export function decodeText(bytes: Uint8Array, firstLine = 1): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = wideEncodingOf(buffer);
  if (wide) throw new EncodingError(`is ${wide} from line ${firstLine} on, not UTF-8`);
  if (!isUtf8(buffer))
    throw new EncodingError(
      `is not UTF-8 in line ${firstWrongLine(buffer, firstLine)}, but perhaps Windows-1252 or Latin-1`,
    );
  return buffer.toString('utf8', startsWith(buffer, [0xef, 0xbb, 0xbf]) ? 3 : 0);
}

/** Returns the name of an encoding with two or four bytes per character, by its byte order mark or by its zero bytes. */
function wideEncodingOf(bytes: Buffer): string | undefined {
  if (startsWith(bytes, [0xff, 0xfe, 0, 0]) || startsWith(bytes, [0, 0, 0xfe, 0xff])) return 'UTF-32';
  if (startsWith(bytes, [0xff, 0xfe])) return 'UTF-16 (little-endian)';
  if (startsWith(bytes, [0xfe, 0xff])) return 'UTF-16 (big-endian)';
  const start = bytes.subarray(0, 1024);
  const zeros = [0, 0];
  for (const [index, byte] of start.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  // A run of NUL bytes, which a crash of a machine leaves in a file, has as many at even as at odd positions.
  const isMostly = (many: number, few: number) => many > 3 * few && (many > 1 || start.length === 2);
  if (isMostly(odd, even)) return 'UTF-16 (little-endian, without a byte order mark)';
  if (isMostly(even, odd)) return 'UTF-16 (big-endian, without a byte order mark)';
  return undefined;
}

const startsWith = (bytes: Buffer, start: readonly number[]) =>
  start.every((byte, index) => bytes[index] === byte);

const LINE_FEED = 0x0a;

/** Returns the number of the first line that is not UTF-8, in which a line feed is never a part of another character. */
function firstWrongLine(bytes: Buffer, firstLine: number): number {
  let line = firstLine;
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    if (!isUtf8(bytes.subarray(start, end))) break;
    line++;
    start = end + 1;
  }
  return line;
}
