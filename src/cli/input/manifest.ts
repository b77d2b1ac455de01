import { basename, dirname, extname, resolve } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import type { JsonObject, JsonValue } from '../../contract/json.js';
import { problemsOf } from '../../contract/problems.js';
import type { ExecutionRequest } from '../../contract/request.js';
import type { Sections } from '../../contract/sections.js';
import { asConfiguration, parseJson, readConfiguration, readJson, readText } from '../../files/json-file.js';
import { isUrl } from '../../util/is-url.js';
import { quote } from '../../util/quote.js';
import { collectProblem, valuesOrThrow } from './problems.js';

/** A file of a manifest, with the executions of all its rows. */
export interface ManifestEntry {
  /** Path or URL. */
  readonly location: string;
  readonly executions: readonly ExecutionRequest[];
}

const json: z.ZodType<JsonValue> = z.json();
const rowSchema = z.strictObject(
  {
    file: z.string('is missing'),
    configuration: z.union([z.string(), z.record(z.string(), json)], 'is missing'),
    metadata: json.optional(),
    label: z.string().optional(),
    again: z.string().optional(),
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be an object' : undefined) },
);

interface Row {
  readonly line: number;
  readonly value: unknown;
}

/**
 * Reads a manifest: CSV with a header, or JSON Lines, with one execution per row. Rows that name the same file become
 * one upload with several executions. Paths are relative to the folder of the manifest.
 *
 * @throws BadInputError with every problem and its line number
 */
export async function readManifest(path: string): Promise<ManifestEntry[]> {
  const [text = ''] = valuesOrThrow([await collectProblem(() => readText(path, `--manifest ${path}`))]);
  const rows = valuesOrThrow([await collectProblem(() => rowsIn(path, text))]).flat();
  const reader = new RowReader(path);
  const read = [];
  for (const row of rows) read.push(await collectProblem(() => reader.read(row)));

  const entries = new Map<string, ExecutionRequest[]>();
  for (const { file, execution } of valuesOrThrow(read)) {
    const executions = entries.get(file) ?? [];
    entries.set(file, [...executions, execution]);
  }
  return [...entries].map(([file, executions]) => ({ location: file, executions }));
}

function rowsIn(path: string, text: string): Row[] {
  const rows = path.toLowerCase().endsWith('.csv') ? csvRows(path, text) : jsonRows(path, text);
  if (rows.length === 0) throw invalid(`--manifest ${path} has no rows`);
  return rows;
}

function csvRows(path: string, text: string): Row[] {
  try {
    return parse<Row, Record<string, string>>(text, {
      columns: (names: string[]) => withoutDuplicates(path, names),
      skip_empty_lines: true,
      trim: true,
      on_record: (cells, { lines }) => ({ line: lines, value: withoutEmpty(cells) }),
    });
  } catch (error) {
    if (error instanceof CsvError) throw invalid(`--manifest ${path} is not CSV: ${error.message}`);
    throw error;
  }
}

/** Two columns of the same name would lose the cells of one. */
function withoutDuplicates(path: string, names: string[]): string[] {
  const duplicate = names.find((name, index) => names.indexOf(name) < index);
  if (duplicate === undefined) return names;
  throw invalid(`--manifest ${path} has two columns ${quote(duplicate)}`);
}

const withoutEmpty = (cells: Record<string, string>) =>
  Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ''));

function jsonRows(path: string, text: string): Row[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: index + 1, text: line.trim() }))
    .filter((row) => row.text !== '')
    .map((row) => ({ line: row.line, value: parseJson(row.text, `${path}:${row.line}`) }));
}

class RowReader {
  readonly #manifest: string;
  readonly #configurations = new Map<string, Promise<Sections>>();

  constructor(manifest: string) {
    this.#manifest = manifest;
  }

  async read({ line, value }: Row): Promise<{ file: string; execution: ExecutionRequest }> {
    const where = `${this.#manifest}:${line}`;
    const parsed = rowSchema.safeParse(value);
    if (!parsed.success) throw invalid(`${where}: ${problemsOf(parsed.error, 'the row').join('; ')}`);
    const { file, configuration, metadata, label = labelFor(configuration), again } = parsed.data;
    return {
      file: isUrl(file) ? file : this.#resolve(file),
      execution: {
        ...(label === undefined ? {} : { label }),
        ...(await this.#sections(configuration, metadata, where)),
        ...(again === undefined ? {} : { again }),
      },
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
    return resolve(dirname(this.#manifest), path);
  }
}

const isInline = (cell: string): boolean => /^[{[]/.test(cell);

/** Returns the file name without extension, for a configuration that is stored in a file. */
const labelFor = (configuration: string | JsonObject): string | undefined =>
  typeof configuration === 'string' && !isInline(configuration)
    ? basename(configuration, extname(configuration))
    : undefined;

const invalid = (happened: string) =>
  new UploadError('REQUEST_INVALID', happened, {
    action: 'A manifest has the columns file and configuration, and optionally metadata, label and again.',
  });
