/** Counts one more of a key. */
export function increment(tally: Map<string, number>, key: string): void {
  tally.set(key, (tally.get(key) ?? 0) + 1);
}

/** Returns how often each word occurs, in the order in which they first occur. */
export function tallyOf(words: readonly string[]): Map<string, number> {
  const tally = new Map<string, number>();
  for (const word of words) increment(tally, word);
  return tally;
}
