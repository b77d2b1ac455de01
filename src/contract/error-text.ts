import { type ErrorCode, errorTable } from './error-table.js';
import type { AfterFix, ErrorRow, Fault, Remedy } from './error-traits.js';

const remedies: Record<Remedy, string> = {
  retry: 'Retried',
  'retry-briefly': 'Retried for five minutes, then final',
  'presign-again': 'Presigned and uploaded again',
  final: 'Final',
};
const faults: Record<Fault, string> = {
  caller: 'the sender',
  service: 'a service',
  settings: 'the operator',
  program: 'a bug in this program',
};

const afterFixes: Record<AfterFix, string | false> = {
  replay: false,
  'replay-from-presign': 'A replay sends the file again.',
  'replay-from-start': 'A replay starts the execution again.',
  upload: '`replay` skips it.',
  analyze:
    '`replay` skips it: `analyze` starts the analysis with another configuration, without another upload.',
  check: '`replay` skips it: a person must check first.',
};

/** The documentation of an error code, in Markdown. */
export interface ErrorText {
  /** One sentence that says what happened. */
  readonly meaning: string;
  /** What the workflow does, e.g. `Final`. */
  readonly remedy: string;
  /** What follows from the code, as sentences. */
  readonly traits: string;
  /** What a person does. */
  readonly action: string;
}

/** Returns the documentation of an error code: the same on the page of errors and in `aplos-upload explain`. */
export function errorText(code: ErrorCode): ErrorText {
  const row: ErrorRow = errorTable[code];
  const traits = [
    `Fault: ${faults[row.fault]}. Exit code: ${row.exitCode}.`,
    afterFixes[row.afterFix],
    row.mayHaveStarted && 'An execution may have been started.',
    row.callMayNotExist && 'The call may not exist for this account: an optional step is skipped.',
    row.isIdleTimeout && 'Caused by an idle timeout.',
    row.outageOf && 'A folder watch waits until this is fixed.',
  ];
  return {
    meaning: row.meaning,
    remedy: remedies[row.remedy],
    traits: traits.filter(Boolean).join(' '),
    action: row.action,
  };
}
