import { open } from 'node:fs/promises';
import { UploadError } from '../contract/errors.js';
import type { JsonObject, JsonValue } from '../contract/json.js';
import { type ExactJson, OversizedJsonError, parseExactJson } from '../contract/parse-json.js';
import { readSections } from '../contract/read-sections.js';
import { REQUEST_LIMITS } from '../contract/request-limits.js';
import { type Sections, sectionsIn } from '../contract/sections.js';
import { decodeText, EncodingError } from '../util/decode-text.js';
import { systemErrorCode } from '../util/system-error.js';

/** Limits of a JSON file, which becomes a part of a request. */
const LIMITS = { depth: REQUEST_LIMITS.depth, values: REQUEST_LIMITS.bytes };

/** Maximum size of a text file in bytes. A request may have 1 MiB, and a manifest has many of them. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;
/** Maximum size in bytes of a JSON file that becomes part of a request. It may be indented, which the request is not. */
export const MAX_JSON_BYTES = 4 * REQUEST_LIMITS.bytes;

/**
 * Reads a text file in UTF-8, or a pipe.
 *
 * @param what name of the file in error messages, e.g. `--config day-1.json`
 * @param maxBytes maximum size in bytes; a larger file is not read to its end. Default: 256 MiB
 * @throws UploadError `REQUEST_INVALID`
 */
export async function readText(path: string, what: string, maxBytes?: number): Promise<string> {
  try {
    const handle = await open(path);
    return await textOf(handle.createReadStream() as AsyncIterable<Buffer>, what, maxBytes);
  } catch (error) {
    if (error instanceof UploadError) throw error;
    throw new UploadError('REQUEST_INVALID', `${what} cannot be read (${systemErrorCode(error)})`, {
      action: 'Check the path.',
    });
  }
}

/** Returns the text of a stream in UTF-8. Its parameters and errors are those of {@link readText}. */
export async function textOf(
  stream: AsyncIterable<Uint8Array>,
  what: string,
  maxBytes = MAX_TEXT_BYTES,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new UploadError(
        'REQUEST_INVALID',
        `${what} has more than ${maxBytes.toLocaleString('en')} bytes`,
      );
    chunks.push(chunk);
  }
  return asText(Buffer.concat(chunks), what);
}

function asText(bytes: Uint8Array, what: string): string {
  try {
    return decodeText(bytes);
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new UploadError('REQUEST_INVALID', `${what} ${error.message}`, {
      action: 'Save the file as UTF-8.',
    });
  }
}

/** Reads a JSON file that becomes part of a request. Throws like {@link readText}. */
export async function readJson(path: string, what: string): Promise<JsonValue> {
  return parseJson(await readText(path, what, MAX_JSON_BYTES), what);
}

/** Reads the configuration of an analysis, and the other sections in its file. Throws like {@link readText}. */
export async function readConfiguration(path: string, what: string): Promise<Sections> {
  return asConfiguration(await readJson(path, what), what);
}

/** Parses JSON, and refuses it if parsing alters or drops a value. Throws like {@link readText}. */
export function parseJson(text: string, what: string): JsonValue {
  const { value, problems } = parse(text, what);
  if (problems.length === 0) return value;
  throw new UploadError('REQUEST_INVALID', `${what} cannot be read without a loss: ${problems.join('; ')}`, {
    action: 'Write each key once, and numbers with at most 15 digits.',
  });
}

function parse(text: string, what: string): ExactJson {
  try {
    return parseExactJson(text, LIMITS);
  } catch (error) {
    if (error instanceof OversizedJsonError)
      throw new UploadError('REQUEST_INVALID', `${what} ${error.message}`, { action: 'Make it smaller.' });
    throw new UploadError('REQUEST_INVALID', `${what} is not JSON: ${syntaxProblem(error as Error, text)}`, {
      action: 'Fix the JSON. It has no comments, and no comma before a closing bracket.',
    });
  }
}

/** Returns the message of a syntax error with the line and column, which Node.js 20 does not name. */
const syntaxProblem = ({ message }: Error, text: string): string =>
  message.replace(/ (?:in JSON )?at position (\d+)(?: \(line \d+ column \d+\))?$/, (_, position: string) => {
    const lines = text.slice(0, Number(position)).split('\n');
    return ` in line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
  });

/** Returns the sections in the JSON of a configuration file. See {@link readSections}. Throws like {@link readText}. */
export function asConfiguration(value: JsonValue, what: string): Sections {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UploadError('REQUEST_INVALID', `${what} is not a JSON object`);
  const sections = readSections(value as JsonObject);
  if (typeof sections === 'string') throw new UploadError('REQUEST_INVALID', `${what} ${sections}`);
  if (sectionsIn(sections).length === 0)
    throw new UploadError('REQUEST_INVALID', `${what} is empty, so there is nothing to analyze`, {
      action: 'Write the configuration of the analysis, as Aplos NCA exports it.',
    });
  return sections;
}
