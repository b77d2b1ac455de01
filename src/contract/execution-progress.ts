/** What Aplos reports of an execution that is at work. */
export interface ExecutionProgress {
  readonly executionId: string;
  /** Label of the analysis. */
  readonly label: string;
  /** Status in the words of Aplos, e.g. `running`. */
  readonly status: string;
  /** Current phase in the words of Aplos. Absent if Aplos reports none. */
  readonly phase?: string;
  readonly completedPhases?: number;
  readonly totalPhases?: number;
  /** Progress in percent. */
  readonly percent?: number;
  /** Warnings, as one text. Absent if there are none. */
  readonly warnings?: string;
}

const TEXTS = ['executionId', 'label', 'status', 'phase', 'warnings'] as const;
const NUMBERS = ['completedPhases', 'totalPhases', 'percent'] as const;

/** Reads a progress from the details of a failure, which anybody may have written. Returns `undefined` if it is none. */
export function parseExecutionProgress(details: unknown): ExecutionProgress | undefined {
  if (typeof details !== 'object' || details === null) return undefined;
  const values = details as Readonly<Record<string, unknown>>;
  const progress = Object.fromEntries([
    ...TEXTS.flatMap((key) => (typeof values[key] === 'string' ? [[key, values[key]]] : [])),
    ...NUMBERS.flatMap((key) => (typeof values[key] === 'number' ? [[key, values[key]]] : [])),
  ]) as Partial<ExecutionProgress>;
  const { executionId, label, status } = progress;
  if (executionId === undefined || label === undefined || status === undefined) return undefined;
  return { ...progress, executionId, label, status };
}

/** Returns a progress for people: `running, phase "plots" (2 of 5 phases done), 40 %, warnings: …`. */
export function executionProgressText(progress: Omit<ExecutionProgress, 'executionId' | 'label'>): string {
  const { status, phase, completedPhases, totalPhases, percent, warnings } = progress;
  const phases = totalPhases ? ` (${completedPhases ?? 0} of ${totalPhases} phases done)` : '';
  return [
    status,
    ...(phase !== undefined && phase !== status ? [`phase "${phase}"${phases}`] : []),
    ...(percent === undefined ? [] : [`${percent} %`]),
    ...(warnings === undefined ? [] : [`warnings: ${warnings}`]),
  ].join(', ');
}
