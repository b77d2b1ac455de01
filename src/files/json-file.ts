import { readFile } from 'node:fs/promises';
import { UploadError } from '../contract/errors.js';
import type { JsonObject, JsonValue } from '../contract/json.js';

/**
 * Reads a text file that the caller named.
 *
 * @param what how the caller named it, e.g. `--config day-1.json`
 * @throws UploadError `REQUEST_INVALID`
 */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UploadError('REQUEST_INVALID', `${what} cannot be read (${code})`, {
      action: 'Check the path.',
    });
  }
}

/** Reads JSON that the caller named. Throws as {@link readText}. */
export async function readJson(path: string, what: string): Promise<JsonValue> {
  return parseJson(await readText(path, what), what);
}

/** Reads a configuration that the caller named. Throws as {@link readText}. */
export async function readConfiguration(path: string, what: string): Promise<JsonObject> {
  return asConfiguration(await readJson(path, what), what);
}

/** The JSON in a text. Throws as {@link readText}. */
export function parseJson(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new UploadError('REQUEST_INVALID', `${what} is not JSON: ${(error as Error).message}`, {
      action: 'Correct it.',
    });
  }
}

/** A configuration is an object. Throws as {@link readText}. */
export function asConfiguration(value: JsonValue, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new UploadError('REQUEST_INVALID', `${what} holds no JSON object`);
}
