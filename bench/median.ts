/** Returns the median; the upper one of the two for an even number of values, and 0 without any. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
