import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, extname } from 'node:path';
import { requestForFile, type UploadRequestInput } from '../client.js';
import { UploadError } from '../contract/errors.js';
import type { JsonObject, JsonValue } from '../contract/json.js';
import { parseUploadRequest, type UploadRequest } from '../contract/request.js';
import { BadInputError, inOneLine } from './exit.js';

/** What is asked for on the command line. */
export interface UploadInputs {
  readonly config: readonly string[];
  readonly meta?: string;
  readonly profile: string;
}

/**
 * Reads everything that the command line names, and makes a request of each file.
 *
 * @throws BadInputError with every problem found, so that nothing is started by halves
 */
export async function readRequests(
  files: readonly string[],
  { config, meta, profile }: UploadInputs,
): Promise<UploadRequest[]> {
  const metaData = meta === undefined ? undefined : await attempt(() => readJson(meta, '--meta'));
  const configurations = await Promise.all(config.map((path) => attempt(() => readConfiguration(path))));
  assertNoProblem([metaData, ...configurations]);
  const executions = configurations.map((configuration, index) => ({
    label: basename(config[index] ?? '', extname(config[index] ?? '')),
    configuration: taken(configuration),
    ...(metaData ? { metaData: taken(metaData) } : {}),
  }));

  const requests = [];
  for (const file of files)
    requests.push(await attempt(() => requestFor(file, { profile, executions, requestedBy: userName() })));
  assertNoProblem(requests);
  return requests.map(taken);
}

async function requestFor(
  file: string,
  rest: Omit<UploadRequestInput, 'source' | 'expect'>,
): Promise<UploadRequest> {
  return parseUploadRequest(await requestForFile(file, rest));
}

async function readConfiguration(path: string): Promise<JsonObject> {
  const value = await readJson(path, '--config');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UploadError('REQUEST_INVALID', `--config ${path} holds no JSON object`);
  }
  return value as JsonObject;
}

async function readJson(path: string, option: string): Promise<JsonValue> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UploadError(
      'REQUEST_INVALID',
      `${option} ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      { action: 'Check the path.' },
    );
  }
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new UploadError('REQUEST_INVALID', `${option} ${path} is not JSON: ${(error as Error).message}`, {
      action: 'Correct the file.',
    });
  }
}

type Attempt<Value> = { readonly value: Value } | { readonly problem: string };

async function attempt<Value>(work: () => Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof UploadError) return { problem: inOneLine(error) };
    throw error;
  }
}

function assertNoProblem(attempts: readonly (Attempt<unknown> | undefined)[]): void {
  const problems = attempts.flatMap((each) => (each && 'problem' in each ? [each.problem] : []));
  if (problems.length > 0) throw new BadInputError(problems);
}

function taken<Value>(each: Attempt<Value>): Value {
  if ('problem' in each) throw new BadInputError([each.problem]);
  return each.value;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
