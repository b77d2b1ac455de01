import { strToU8, zipSync } from 'fflate';
import { technicalReport } from './technical-report.js';

/** What a results zip contains. */
export interface ResultsContent {
  readonly executionId: string;
  readonly fileName: string;
  /** Bytes of the data file. Default: the zip lacks it */
  readonly file?: Uint8Array | undefined;
  readonly configuration: unknown;
  readonly metaData: unknown;
  /** Rows of the parameters, header first. Default: the file was not analysed */
  readonly rows?: readonly string[][] | undefined;
  /** The parameters as a CSV, instead of rows. Default: none */
  readonly known?: Uint8Array;
}

const NO_BYTES = new Uint8Array();

/** Builds the results zip, with the paths that the vendor documents. Plots and individual results are empty folders. */
export function resultsZip({
  executionId,
  fileName,
  file,
  configuration,
  metaData,
  rows = [],
  known,
}: ResultsContent): Uint8Array {
  const json = (value: unknown) => strToU8(`${JSON.stringify(value, null, 2)}\n`);
  const summary = [
    ['parameter', 'n'],
    ...(rows[0] ?? []).map((name) => [name, `${Math.max(0, rows.length - 1)}`]),
  ];
  return zipSync(
    {
      ...(file && { [`inputs/${fileName}`]: file }),
      'inputs/config.json': json(configuration),
      'inputs/meta.json': json(metaData ?? null),
      'outputs/audit.json': json({ execution_id: executionId, engine: 'sandbox' }),
      'outputs/execution-id.txt': strToU8(`${executionId}\n`),
      'outputs/pk-listing.csv': csv(rows),
      'outputs/pk-listing.html': html('Listing', rows),
      'outputs/pk-results.csv': known ?? csv(rows),
      'outputs/pk-summary.csv': csv(summary),
      'outputs/pk-summary.html': html('Summary', summary),
      'outputs/technical-report.pdf': technicalReport(`Execution ${executionId}, analyzed by the sandbox`),
      'outputs/individuals/': NO_BYTES,
      'outputs/plots/': NO_BYTES,
    },
    { level: 1 },
  );
}

const csv = (rows: readonly (readonly string[])[]) =>
  strToU8(`${rows.map((row) => row.map(quoted).join(',')).join('\n')}\n`);

const quoted = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

const html = (title: string, rows: readonly (readonly string[])[]) =>
  strToU8(
    `<!doctype html><title>${title}</title><table>${rows
      .map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`)
      .join('')}</table>\n`,
  );

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
