/** Signal of a worker that a start of the run waits until Aplos takes more executions. Takes one {@link WaitingStart}. */
export const START_WAITS_SIGNAL = 'startWaits';

/** Argument of the signal `startWaits`. */
export interface WaitingStart {
  /** Label of the execution. */
  readonly label: string;
}

/** Validates the argument of `startWaits`, which anybody may send. Returns `undefined` if it is invalid. Safe for workflow code. */
export function parseWaitingStart(input: unknown): WaitingStart | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const { label } = input as Record<string, unknown>;
  return typeof label === 'string' ? { label } : undefined;
}
