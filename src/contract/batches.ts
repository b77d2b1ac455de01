/** Signal that adds a batch to a running upload: somebody asked for the same work in it. Takes one {@link AddBatch}. */
export const ADD_BATCH_SIGNAL = 'addBatch';

/** Argument of the signal `addBatch`. */
export interface AddBatch {
  readonly batch: string;
  /** Person or system that asked. Default: unknown. */
  readonly requestedBy?: string;
}

/** Maximum length of names in requests and signals, in UTF-16 code units. */
export const NAME_LIMITS = { batch: 100, requestedBy: 200 } as const;

/** Maximum number of batches that one run counts for. Anybody may send signals, and the receipt names all batches. */
export const MAX_BATCHES = 500;

/** Matches a name without control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: this pattern excludes control characters
export const WITHOUT_CONTROL_CHARACTERS = /^[^\u0000-\u001f\u007f-\u009f]+$/;

/** Matches an unpaired surrogate. */
export const UNPAIRED_SURROGATE = /\p{Cs}/u;

/** Validates the argument of `addBatch`, which anybody may send. Returns `undefined` if it is invalid. Safe for workflow code. */
export function parseAddBatch(input: unknown): AddBatch | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const { batch, requestedBy } = input as Record<string, unknown>;
  if (!isName(batch, NAME_LIMITS.batch)) return undefined;
  return { batch, ...(isName(requestedBy, NAME_LIMITS.requestedBy) ? { requestedBy } : {}) };
}

const isName = (value: unknown, maxLength: number): value is string =>
  typeof value === 'string' &&
  value.length <= maxLength &&
  WITHOUT_CONTROL_CHARACTERS.test(value) &&
  !UNPAIRED_SURROGATE.test(value);

/** Returns the batches that an upload counts for from its start. Safe for workflow code. */
export function batchesOf({
  batch,
  otherBatches = [],
}: {
  readonly batch?: string | undefined;
  readonly otherBatches?: readonly string[] | undefined;
}): string[] {
  return [...new Set(batch === undefined ? otherBatches : [batch, ...otherBatches])];
}
