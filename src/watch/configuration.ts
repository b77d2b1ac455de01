import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';
import { executionOf } from '../cli/input/jobs.js';
import { UploadError } from '../contract/errors.js';
import type { JsonValue } from '../contract/json.js';
import type { ExecutionRequest } from '../contract/request.js';
import { asConfiguration, parseJson, readText } from '../files/json-file.js';

/** What a data file is to be analysed with. */
export interface FileConfiguration {
  readonly executions: readonly ExecutionRequest[];
  /** SHA-256 of the file beside it that says so; none: the command does. */
  readonly configuration?: string;
}

/** The ending of configurations. */
export const CONFIGURATION = '.json';

/** The names under which a data file's configuration may lie beside it: `pk.json` and `pk.csv.json` for `pk.csv`. */
export const configurationNames = (dataFile: string): readonly [string, string] => [
  `${dataFile.slice(0, -extname(dataFile).length)}${CONFIGURATION}`,
  `${dataFile}${CONFIGURATION}`,
];

/**
 * Reads the configuration that lies beside a data file.
 *
 * @throws UploadError `REQUEST_INVALID` where it cannot be read or is no JSON object, or is one of several
 */
export async function readFileConfiguration(
  paths: readonly [string, ...string[]],
  metaData: JsonValue | undefined,
): Promise<FileConfiguration> {
  const [path, ...others] = paths;
  if (others.length > 0)
    throw new UploadError(
      'REQUEST_INVALID',
      `It is not clear which is its configuration: ${paths.map((each) => basename(each)).join(' or ')}`,
      { action: 'Leave one of them there.' },
    );
  const name = basename(path);
  const text = await readText(path, name);
  const execution = executionOf(path, asConfiguration(parseJson(text, name), name), metaData);
  return { executions: [execution], configuration: sha256Of(text) };
}

/** What tells whether a configuration file is the one that was read before. Throws as {@link readText}. */
export const configurationChecksum = async (path: string): Promise<string> =>
  sha256Of(await readText(path, basename(path)));

const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex');
