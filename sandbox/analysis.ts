import { analyse, columnsIn, columnsNamed } from './nca.js';
import { resultsZip } from './results-zip.js';
import { isText, parseTable } from './table.js';

/** Maximum number of bytes of a file that are analysed. The analysis blocks the sandbox, so it must be short. */
export const MAX_ANALYSED_BYTES = 4 * 1024 ** 2;
const MAX_ERRORS = 20;

/** The execution that an analysis is of. */
export interface AnalysedExecution {
  readonly executionId: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly metaData?: unknown;
}

/** Outcome of an analysis: the results, or the reasons why it failed. */
export type Analysis =
  | { readonly zip: Uint8Array; readonly errors: readonly [] }
  | { readonly zip?: never; readonly errors: readonly string[] };

/** Options of {@link analyseFile}. */
export interface AnalysisOptions {
  readonly shown?: unknown;
  readonly known?: Uint8Array | undefined;
}

/**
 * Analyses a file. Never throws: a table or a configuration that cannot be analysed is the failure of this execution alone.
 *
 * @param bytes first bytes of the file, at most {@link MAX_ANALYSED_BYTES}. A longer file is missing in the results
 * @param options `shown`: configuration as the results show it. Default: as it was sent. `known`: the parameters as a CSV, if they are
 * not to be calculated
 */
export function analyseFile(
  fileName: string,
  bytes: Buffer,
  { executionId, configuration, metaData }: AnalysedExecution,
  { shown = configuration, known }: AnalysisOptions = {},
): Analysis {
  const content = {
    executionId,
    fileName,
    file: bytes.length < MAX_ANALYSED_BYTES ? bytes : undefined,
    configuration: shown,
    metaData,
  };
  try {
    if (!isText(fileName)) return { zip: resultsZip(content), errors: [] };
    const columns = columnsIn(configuration);
    const table = parseTable(wholeLines(bytes));
    if (known) return { zip: resultsZip({ ...content, known }), errors: [] };
    const present = new Set(table.columns);
    const missing = columnsNamed(columns).filter((name) => !present.has(name));
    if (missing.length > 0)
      return { errors: missing.slice(0, MAX_ERRORS).map((name) => `The file has no column "${name}".`) };
    return { zip: resultsZip({ ...content, rows: analyse(table, columns) }), errors: [] };
  } catch (error) {
    return { errors: [`The analysis failed: ${error instanceof Error ? error.message : error}`] };
  }
}

const wholeLines = (bytes: Buffer): string =>
  bytes.length < MAX_ANALYSED_BYTES ? bytes.toString() : bytes.toString().slice(0, bytes.lastIndexOf('\n'));
