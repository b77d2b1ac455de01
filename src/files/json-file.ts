import { readFile } from 'node:fs/promises';
import { UploadError } from '../contract/errors.js';
import type { JsonObject, JsonValue } from '../contract/json.js';
import { readSections } from '../contract/read-sections.js';
import type { Sections } from '../contract/sections.js';
import { systemErrorCode } from '../util/system-error.js';

/**
 * Reads a text file.
 *
 * @param what name of the file in error messages, e.g. `--config day-1.json`
 * @throws UploadError `REQUEST_INVALID`
 */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UploadError('REQUEST_INVALID', `${what} cannot be read (${systemErrorCode(error)})`, {
      action: 'Check the path.',
    });
  }
}

/** Reads a JSON file. Throws like {@link readText}. */
export async function readJson(path: string, what: string): Promise<JsonValue> {
  return parseJson(await readText(path, what), what);
}

/** Reads the configuration of an analysis, and the other sections in its file. Throws like {@link readText}. */
export async function readConfiguration(path: string, what: string): Promise<Sections> {
  return asConfiguration(await readJson(path, what), what);
}

/** Parses JSON. Throws like {@link readText}. */
export function parseJson(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new UploadError('REQUEST_INVALID', `${what} is not JSON: ${(error as Error).message}`, {
      action: 'Fix the JSON.',
    });
  }
}

/** Returns the sections in the JSON of a configuration file. See {@link readSections}. Throws like {@link readText}. */
export function asConfiguration(value: JsonValue, what: string): Sections {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UploadError('REQUEST_INVALID', `${what} is not a JSON object`);
  const sections = readSections(value as JsonObject);
  if (typeof sections === 'string') throw new UploadError('REQUEST_INVALID', `${what} ${sections}`);
  return sections;
}
