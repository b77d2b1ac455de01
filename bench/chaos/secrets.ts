const START_BYTES = 4;

/**
 * Returns the secrets that occur in some bytes.
 *
 * @param secrets secrets of at least four bytes each
 */
export function secretsIn(bytes: Buffer, secrets: Iterable<string>): Set<string> {
  const byStart = new Map<number, Buffer[]>();
  for (const secret of secrets) {
    const sought = Buffer.from(secret);
    const start = sought.readUInt32BE(0);
    byStart.set(start, [...(byStart.get(start) ?? []), sought]);
  }
  const found = new Set<string>();
  for (let at = 0; at <= bytes.length - START_BYTES; at++) {
    for (const sought of byStart.get(bytes.readUInt32BE(at)) ?? [])
      if (bytes.subarray(at, at + sought.length).equals(sought)) found.add(sought.toString());
  }
  return found;
}
