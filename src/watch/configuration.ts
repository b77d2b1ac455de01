import { basename } from 'node:path';
import { executionFromFile } from '../client/file-job.js';
import { UploadError } from '../contract/errors.js';
import type { JsonValue } from '../contract/json.js';
import type { ExecutionRequest } from '../contract/request.js';
import { asConfiguration, MAX_JSON_BYTES, parseJson, readText } from '../files/json-file.js';
import { sha256Of } from '../util/sha256.js';

/** Executions to start for a data file. */
export interface FileConfiguration {
  readonly executions: readonly ExecutionRequest[];
  /** SHA-256 of the configuration file next to the data file. Absent if the executions come from the command. */
  readonly configuration?: string;
}

/**
 * Reads the configuration file next to a data file.
 *
 * @throws UploadError `REQUEST_INVALID` if the file cannot be read or is not a JSON object, or if there are several
 */
export async function readFileConfiguration(
  paths: readonly [string, ...string[]],
  metaData: JsonValue | undefined,
): Promise<FileConfiguration> {
  const [path, ...others] = paths;
  if (others.length > 0)
    throw new UploadError(
      'REQUEST_INVALID',
      `The file has several configurations: ${paths.map((each) => basename(each)).join(' and ')}`,
      { action: 'Remove all but one.' },
    );
  const name = basename(path);
  const text = await readText(path, name, MAX_JSON_BYTES);
  const execution = executionFromFile(path, asConfiguration(parseJson(text, name), name), metaData);
  return { executions: [execution], configuration: sha256Of(text) };
}

/** Returns the SHA-256 of a configuration file, to detect changes. Throws as {@link readText}. */
export const configurationChecksum = async (path: string): Promise<string> =>
  sha256Of(await readText(path, basename(path), MAX_JSON_BYTES));
