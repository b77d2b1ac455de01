/** What a run came to. */
export interface ChaosResult {
  readonly seed: number;
  /** How many files were to be uploaded. */
  readonly files: number;
  /** How many of them have a receipt. */
  readonly filesDone: number;
  /** Files × configurations. */
  readonly executionsWanted: number;
  /** How many the service accepted, by its ledger. */
  readonly executionsStarted: number;
  /** Executions of a file and configuration, or with a tracking id, that another execution has too. */
  readonly duplicates: number;
  /** Files without a receipt, and configurations of a file without an execution. */
  readonly lost: number;
  /** Executions that are on a receipt and not in the ledger, or in the ledger and not on a receipt. */
  readonly receiptsDifferent: number;
  /** Objects that differ from their file, by SHA-256 of what S3 gives back. */
  readonly bytesDifferent: number;
  /** Secrets that were found in the workers' logs, in the histories, or in Temporal's database. */
  readonly secretsFound: number;
  /** Workers that ended without having been killed. */
  readonly crashes: number;
  /** Activities, each once. */
  readonly steps: number;
  /** Attempts of these activities. */
  readonly attempts: number;
  /** Presigned forms that uploads were tried with. */
  readonly presigns: number;
  /** Starts whose answer was lost, and which were found in the service's list. */
  readonly originList: number;
  /** Calls that the service and S3 got. */
  readonly calls: number;
  /** How many of them a fault struck. */
  readonly callsStruck: number;
  readonly kills: number;
  /** From the first start of a workflow to the last receipt. */
  readonly seconds: number;
  /** What went wrong, a line each. */
  readonly remarks: readonly string[];
}

interface Row {
  readonly what: string;
  readonly value: number;
  readonly mustBe?: number;
}

/** The table of a result. */
export const rowsOf = (result: ChaosResult): readonly Row[] => [
  { what: 'files done', value: result.filesDone, mustBe: result.files },
  { what: 'executions started', value: result.executionsStarted, mustBe: result.executionsWanted },
  { what: 'duplicates', value: result.duplicates, mustBe: 0 },
  { what: 'lost', value: result.lost, mustBe: 0 },
  { what: 'bytes different', value: result.bytesDifferent, mustBe: 0 },
  { what: 'receipts different', value: result.receiptsDifferent, mustBe: 0 },
  { what: 'secrets found', value: result.secretsFound, mustBe: 0 },
  { what: 'workers crashed', value: result.crashes, mustBe: 0 },
  { what: 'workers killed', value: result.kills },
  { what: 'calls', value: result.calls },
  { what: 'calls struck', value: result.callsStruck },
  { what: 'steps', value: result.steps },
  { what: 'attempts', value: result.attempts },
  { what: 'presigns', value: result.presigns },
  { what: 'starts settled by the list', value: result.originList },
  { what: 'time, in seconds', value: Math.round(result.seconds) },
];

/** Whether a row is what it must be. */
export const holds = ({ value, mustBe = value }: Row): boolean => value === mustBe;

/** The table as text. */
export function resultText(result: ChaosResult): string {
  const rows = rowsOf(result).map((row) => ({
    what: row.what,
    value: `${row.value}`,
    mustBe: row.mustBe === undefined ? '' : `must be ${row.mustBe}${holds(row) ? '' : '  <-- IS NOT'}`,
  }));
  const widest = (texts: string[]) => Math.max(...texts.map(({ length }) => length));
  const whatWidth = widest(rows.map(({ what }) => what));
  const valueWidth = widest(rows.map(({ value }) => value));
  const lines = rows.map(({ what, value, mustBe }) =>
    `${what.padEnd(whatWidth)}  ${value.padStart(valueWidth)}  ${mustBe}`.trimEnd(),
  );
  return [`seed ${result.seed}`, ...lines, ...result.remarks].join('\n');
}
