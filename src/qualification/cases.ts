import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UploadError } from '../contract/errors.js';
import { fileNameProblem } from '../contract/request.js';
import type { Sections } from '../contract/sections.js';
import { readConfiguration } from '../files/json-file.js';
import { sha256OfJson } from '../records/canonical.js';
import { quote } from '../util/quote.js';
import { sha256Of } from '../util/sha256.js';
import { systemErrorCode } from '../util/system-error.js';
import { type ResultsTable, readResultsTable, TableError } from './results-table.js';

/** Files of a case. */
export const CASE_FILES = {
  input: 'input.csv',
  configuration: 'config.json',
  expected: 'pk-results-expected.csv',
} as const;

/** Largest input of a case, and largest table of expected results, in bytes. */
const MAX_BYTES = 4 * 1024 ** 2;

/** A case: an input, the configuration of its analysis, and the results that are expected. */
export interface QualificationCase {
  /** Name of its folder. */
  readonly name: string;
  /** Name under which the input is uploaded, which tells the cases apart. */
  readonly fileName: string;
  /** Path of the input. */
  readonly inputPath: string;
  /** SHA-256 of the input, in hex. */
  readonly inputSha256: string;
  readonly sections: Sections;
  /** SHA-256 of the configuration as canonical JSON (RFC 8785), in hex. */
  readonly configurationSha256: string;
  readonly expected: ResultsTable;
  /** Expected results as they are in the file. */
  readonly expectedBytes: Buffer;
  /** SHA-256 of the file with the expected results, in hex. */
  readonly expectedSha256: string;
}

/** Cases that cannot be used. */
export class InvalidCasesError extends Error {
  /** @param problems one sentence for each problem, which names the case */
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/**
 * Reads a folder of cases, `NAME/{input.csv, config.json, pk-results-expected.csv}`, in the order of their names. Files next to
 * the cases, and hidden folders, do not count.
 *
 * @throws InvalidCasesError with every problem
 */
export async function readCases(folder: string): Promise<QualificationCase[]> {
  const names = await namesIn(folder);
  const results = await Promise.all(
    names.map((name) =>
      readCase(folder, name).catch((error: unknown) => {
        if (error instanceof InvalidCasesError) return error;
        throw error;
      }),
    ),
  );
  const cases = results.flatMap((each) => (each instanceof InvalidCasesError ? [] : [each]));
  const problems = [
    ...results.flatMap((each) => (each instanceof InvalidCasesError ? each.problems : [])),
    ...repeatsIn(cases),
  ];
  if (problems.length > 0) throw new InvalidCasesError(problems);
  return cases;
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new InvalidCasesError([`Cannot read the cases in ${quote(folder)} (${systemErrorCode(error)}).`]);
  });
  const visible = entries.filter(({ name }) => !name.startsWith('.'));
  const isFolder = async (name: string) =>
    (await stat(join(folder, name)).catch(() => undefined))?.isDirectory();
  const folders = await Promise.all(visible.map(async ({ name }) => ((await isFolder(name)) ? [name] : [])));
  const names = folders.flat().sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  if (names.length > 0) return names;
  const isCase = visible.some(({ name }) => name === CASE_FILES.input);
  throw new InvalidCasesError([
    isCase
      ? `${quote(folder)} is a case itself. Name the folder that it is in: ${quote(resolve(folder, '..'))}.`
      : `${quote(folder)} has no cases. Each case is a folder in it, with ${Object.values(CASE_FILES).join(', ')}.`,
  ]);
}

async function readCase(folder: string, name: string): Promise<QualificationCase> {
  const problems: string[] = [];
  const attempt = async <Value>(action: () => Value | Promise<Value>): Promise<Value | undefined> => {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof CaseProblem)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const path = (file: string) => join(folder, name, file);
  const fileName = `${name}.csv`;
  // One after the other, so that the problems have an order.
  const input = await attempt(() => readFileOf(name, path(CASE_FILES.input), fileName));
  const sections = await attempt(() => readSectionsOf(name, path(CASE_FILES.configuration)));
  const expected = await attempt(() => readExpectedOf(name, path(CASE_FILES.expected)));
  if (!(input && sections && expected)) throw new InvalidCasesError(problems);
  return {
    name,
    fileName,
    inputPath: path(CASE_FILES.input),
    inputSha256: sha256Of(input),
    sections,
    configurationSha256: sha256OfJson(sections.configuration),
    expected: expected.table,
    expectedBytes: expected.bytes,
    expectedSha256: sha256Of(expected.bytes),
  };
}

/** A problem of one case, as a sentence that names it. */
class CaseProblem extends Error {
  constructor(name: string, problem: string) {
    super(`Case ${quote(name)}: ${problem}.`);
  }
}

/** Reads a file that must not be empty. */
async function readFileOf(name: string, path: string, uploadName?: string): Promise<Buffer> {
  const file = basename(path);
  const problem = uploadName === undefined ? undefined : fileNameProblem(uploadName);
  if (problem !== undefined)
    throw new CaseProblem(name, `its name cannot be that of a file, which ${problem}`);
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES)
      throw new CaseProblem(name, `${file} has more than ${MAX_BYTES.toLocaleString('en')} bytes`);
    const bytes = await readFile(path);
    if (bytes.length === 0) throw new CaseProblem(name, `${file} is empty`);
    return bytes;
  } catch (error) {
    if (error instanceof CaseProblem) throw error;
    const code = systemErrorCode(error);
    throw new CaseProblem(
      name,
      code === 'ENOENT' ? `${file} is missing` : `${file} cannot be read (${code})`,
    );
  }
}

async function readSectionsOf(name: string, path: string): Promise<Sections> {
  await readFileOf(name, path);
  try {
    return await readConfiguration(path, basename(path));
  } catch (error) {
    if (error instanceof UploadError) throw new CaseProblem(name, error.message.replace(/\.$/, ''));
    throw error;
  }
}

async function readExpectedOf(
  name: string,
  path: string,
): Promise<{ readonly bytes: Buffer; readonly table: ResultsTable }> {
  const bytes = await readFileOf(name, path);
  const file = basename(path);
  try {
    const table = readResultsTable(bytes);
    if (table.columns.length < 2)
      throw new TableError('has only one column: its columns must be separated by commas');
    if (table.rows.length === 0) throw new TableError('has no rows');
    return { bytes, table };
  } catch (error) {
    if (error instanceof TableError) throw new CaseProblem(name, `${file} ${error.message}`);
    throw error;
  }
}

/** Each analysis is charged, so that none may be asked for under two names. */
function repeatsIn(cases: readonly QualificationCase[]): string[] {
  const workOf = ({ inputSha256, sections }: QualificationCase) => `${inputSha256} ${sha256OfJson(sections)}`;
  const works = cases.map(workOf);
  return cases.flatMap((each) => {
    const first = cases[works.indexOf(workOf(each))];
    return first === undefined || first === each
      ? []
      : [`Case ${quote(each.name)}: it has the same input and configuration as ${quote(first.name)}.`];
  });
}
