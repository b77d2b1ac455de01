import { basename, dirname, extname, resolve } from 'node:path';
import { UploadError } from '../../contract/errors.js';
import type { JsonObject, JsonValue } from '../../contract/json.js';
import { problemsOf } from '../../contract/problems.js';
import type { ExecutionRequest } from '../../contract/request.js';
import type { Sections } from '../../contract/sections.js';
import {
  asConfiguration,
  parseJson,
  readConfiguration,
  readJson,
  readText,
  textOf,
} from '../../files/json-file.js';
import { isUrl } from '../../util/is-url.js';
import { BadInputError, formatError, printNote } from '../output/errors.js';
import { manifestRowSchema } from './manifest-row.js';
import { invalid, type ManifestText, type Row, rowsOf } from './manifest-rows.js';

/** A file of a manifest, with the executions of all its rows. */
export interface ManifestEntry {
  /** Path or URL. */
  readonly location: string;
  readonly executions: readonly ExecutionRequest[];
  /** SHA-256 that the file must have, in lower-case hex digits. Default: any */
  readonly sha256?: string;
  /** Line of its first row, after the name of the manifest: `jobs.csv:2`. */
  readonly where: string;
  /** Line of its first row. */
  readonly line: number;
}

/** A problem with one line of a manifest. */
export interface LineProblem {
  readonly line: number;
  readonly problem: string;
}

/** A problem with a row of a manifest. */
export interface RowProblem extends LineProblem {
  /** Name of the manifest, and the line: `jobs.csv:2`. */
  readonly where: string;
  readonly error: UploadError;
}

/** Content of a manifest. */
export interface Manifest {
  readonly entries: readonly ManifestEntry[];
  /** Problems with rows, which are not among the entries. */
  readonly problems: readonly RowProblem[];
}

/**
 * Reads a manifest: CSV with a header, or JSON Lines, with one execution per row. Rows that name the same file become
 * one upload with several executions. Paths are relative to the folder of the manifest.
 *
 * @param path path; `-` is the standard input, whose paths are relative to the working directory
 * @throws BadInputError if there are no rows that can be read
 */
export async function readManifest(path: string): Promise<Manifest> {
  const manifest = path === '-' ? await readStdin() : await readFile(path);
  const reader = new RowReader(path === '-' ? 'stdin' : path, path === '-' ? '.' : dirname(path));
  const entries = new Map<string, ManifestEntry>();
  const problems: RowProblem[] = [];
  for (const row of orProblem(() => rowsOf(manifest)))
    try {
      addRow(entries, await reader.read(row));
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      const where = `${manifest.name}:${row.line}`;
      problems.push({ line: row.line, where, problem: formatError(error), error });
    }
  return { entries: [...entries.values()], problems };
}

async function readFile(path: string): Promise<ManifestText> {
  try {
    return { name: path, text: await readText(path, `--manifest ${path}`) };
  } catch (error) {
    throw badInput(error);
  }
}

async function readStdin(): Promise<ManifestText> {
  if (process.stdin.isTTY)
    printNote(
      'Waiting for the rows of the manifest on the terminal. Paste them, then press Ctrl-D on a new line.',
    );
  try {
    return { name: 'stdin', text: await textOf(process.stdin, 'The manifest on stdin') };
  } catch (error) {
    throw badInput(error);
  }
}

function orProblem<Value>(work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw badInput(error);
  }
}

const badInput = (error: unknown) =>
  error instanceof UploadError ? new BadInputError([formatError(error)]) : error;

function addRow(entries: Map<string, ManifestEntry>, row: ManifestEntry): void {
  const before = entries.get(row.location);
  if (before?.sha256 !== undefined && row.sha256 !== undefined && before.sha256 !== row.sha256)
    throw invalid(
      `${row.where}: sha256: is not the same as in line ${before.line}, which names the same file`,
    );
  entries.set(
    row.location,
    before ? { ...row, ...before, executions: [...before.executions, ...row.executions] } : row,
  );
}

class RowReader {
  readonly #manifest: string;
  readonly #folder: string;
  readonly #configurations = new Map<string, Promise<Sections>>();

  /** @param folder folder that paths are relative to */
  constructor(manifest: string, folder: string) {
    this.#manifest = manifest;
    this.#folder = folder;
  }

  async read(row: Row): Promise<ManifestEntry> {
    if ('error' in row) throw row.error;
    const { line, value } = row;
    const where = `${this.#manifest}:${line}`;
    const parsed = manifestRowSchema.safeParse(value);
    if (!parsed.success) throw invalid(`${where}: ${problemsOf(parsed.error, 'the row').join('; ')}`);
    const { file, configuration, metadata, label = labelFor(configuration), again, sha256 } = parsed.data;
    const execution = {
      ...(label === undefined ? {} : { label }),
      ...(await this.#sections(configuration, metadata, where)),
      ...(again === undefined ? {} : { again }),
    };
    return {
      location: isUrl(file) ? file : this.#resolve(file),
      executions: [execution],
      ...(sha256 === undefined ? {} : { sha256 }),
      where,
      line,
    };
  }

  async #sections(
    configuration: string | JsonObject,
    metadata: JsonValue | undefined,
    where: string,
  ): Promise<Sections> {
    const sections = await this.#configuration(configuration, where);
    if (metadata === undefined) return sections;
    if (sections.metaData !== undefined)
      throw invalid(`${where}: has metadata, and its configuration has metadata as well`);
    return { ...sections, metaData: await this.#metaData(metadata, where) };
  }

  async #configuration(given: string | JsonObject, where: string): Promise<Sections> {
    const what = `${where}: configuration`;
    if (typeof given !== 'string') return asConfiguration(given, what);
    if (isInline(given)) return asConfiguration(parseJson(given, what), what);
    const path = this.#resolve(given);
    const known =
      this.#configurations.get(path) ?? readConfiguration(path, `${where}: configuration ${given}`);
    this.#configurations.set(path, known);
    return known;
  }

  async #metaData(given: JsonValue, where: string): Promise<JsonValue> {
    if (typeof given !== 'string') return given;
    if (isInline(given)) return parseJson(given, `${where}: metadata`);
    return readJson(this.#resolve(given), `${where}: metadata ${given}`);
  }

  #resolve(path: string): string {
    return resolve(this.#folder, path);
  }
}

const isInline = (cell: string): boolean => /^[{[]/.test(cell);

/** Returns the file name without extension, for a configuration that is stored in a file. */
const labelFor = (configuration: string | JsonObject): string | undefined =>
  typeof configuration === 'string' && !isInline(configuration)
    ? basename(configuration, extname(configuration))
    : undefined;
