/** Hints by failure. The failure itself must not have a field for it: Temporal would store it. */
const hints = new WeakMap<Error, string>();

/** Adds a hint to a failure that stays readable although its message is encrypted. It must not hold data of the upload. */
export const setReadableHint = (failure: Error, hint: string): void => void hints.set(failure, hint);

/** Returns the hint of a failure. `undefined` if it has none. */
export const readableHint = (failure: unknown): string | undefined =>
  failure instanceof Error ? hints.get(failure) : undefined;
