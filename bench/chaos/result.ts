import type { Repeat } from './work.js';

/** Result of a chaos run. */
export interface ChaosResult {
  readonly seed: number;
  /** Number of files to upload. */
  readonly files: number;
  /** Number of files whose requests all have a receipt. */
  readonly filesDone: number;
  /** Number of requests for files, repeated ones included. */
  readonly requests: number;
  /** Number of requests with a receipt. */
  readonly requestsDone: number;
  /** Different configurations that were asked for, summed over all files. */
  readonly executionsExpected: number;
  /** Executions that were charged. */
  readonly executionsStarted: number;
  /** Executions with the same file and configuration, or the same tracking ID, as another one. */
  readonly duplicates: number;
  /** Requests without a receipt, and configurations of a file without an execution. */
  readonly lost: number;
  /** Executions on a receipt that were not charged, or charged ones that are not on a receipt. */
  readonly receiptsDifferent: number;
  /** Stored objects whose SHA-256 differs from that of the file. */
  readonly bytesDifferent: number;
  /** Result packages that the receipts name. */
  readonly packages: number;
  /** Result packages that must be there: one for each execution whose results were asked for. */
  readonly packagesExpected: number;
  /** Result packages that differ from what S3 stores or from the receipt, and files beside them. */
  readonly packagesDifferent: number;
  /** Secrets in the workers' logs, the histories and Temporal's database. */
  readonly secretsFound: number;
  /** Workers that exited without being killed. */
  readonly crashes: number;
  /** Number of activities. */
  readonly steps: number;
  /** Number of attempts of these activities. */
  readonly attempts: number;
  /** Number of presigned POSTs that were used. */
  readonly presigns: number;
  /** Executions on receipts that Aplos had already, and that were not started again. */
  readonly executionsFound: number;
  /** Requests that asked for a file again, by how. */
  readonly repeats: Readonly<Record<Repeat, number>>;
  /** Calls to Aplos and S3. */
  readonly calls: number;
  /** Calls on which a fault triggered. */
  readonly callsWithFault: number;
  readonly kills: number;
  /** Number of times that a worker was suspended and continued. */
  readonly freezes: number;
  /** How long S3 was away, in seconds. */
  readonly outageSeconds: number;
  /** Time from the first start of a workflow to the last receipt, in seconds. */
  readonly seconds: number;
  /** Findings, one per line. */
  readonly remarks: readonly string[];
}

interface Row {
  readonly what: string;
  readonly value: number;
  readonly mustBe?: number;
}

/** Returns the rows of a result. */
export const rowsOf = (result: ChaosResult): readonly Row[] => [
  { what: 'files done', value: result.filesDone, mustBe: result.files },
  { what: 'requests done', value: result.requestsDone, mustBe: result.requests },
  { what: 'executions started', value: result.executionsStarted, mustBe: result.executionsExpected },
  { what: 'duplicates', value: result.duplicates, mustBe: 0 },
  { what: 'lost', value: result.lost, mustBe: 0 },
  { what: 'bytes different', value: result.bytesDifferent, mustBe: 0 },
  { what: 'receipts different', value: result.receiptsDifferent, mustBe: 0 },
  { what: 'packages', value: result.packages, mustBe: result.packagesExpected },
  { what: 'packages different', value: result.packagesDifferent, mustBe: 0 },
  { what: 'secrets found', value: result.secretsFound, mustBe: 0 },
  { what: 'workers crashed', value: result.crashes, mustBe: 0 },
  { what: 'workers killed', value: result.kills },
  { what: 'workers suspended', value: result.freezes },
  { what: 'seconds without S3', value: Math.round(result.outageSeconds) },
  { what: 'asked again at once', value: result.repeats.overlap },
  { what: 'asked again after deletion', value: result.repeats.deleted },
  { what: 'configurations added', value: result.repeats.added },
  { what: 'asked again in another batch', value: result.repeats.batch },
  { what: 'calls', value: result.calls },
  { what: 'calls with a fault', value: result.callsWithFault },
  { what: 'steps', value: result.steps },
  { what: 'attempts', value: result.attempts },
  { what: 'presigns', value: result.presigns },
  { what: 'executions found', value: result.executionsFound },
  { what: 'time, in seconds', value: Math.round(result.seconds) },
];

/** Reports whether a row has the expected value. */
export const holds = ({ value, mustBe = value }: Row): boolean => value === mustBe;

/** Formats a result as a table. */
export function resultText(result: ChaosResult): string {
  const rows = rowsOf(result).map((row) => ({
    what: row.what,
    value: `${row.value}`,
    mustBe: row.mustBe === undefined ? '' : `must be ${row.mustBe}${holds(row) ? '' : '  <-- FAILED'}`,
  }));
  const widest = (texts: string[]) => Math.max(...texts.map(({ length }) => length));
  const whatWidth = widest(rows.map(({ what }) => what));
  const valueWidth = widest(rows.map(({ value }) => value));
  const lines = rows.map(({ what, value, mustBe }) =>
    `${what.padEnd(whatWidth)}  ${value.padStart(valueWidth)}  ${mustBe}`.trimEnd(),
  );
  return [`seed ${result.seed}`, ...lines, ...result.remarks].join('\n');
}
