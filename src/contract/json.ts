/** Any JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Returns JSON with sorted keys, so that equal values have equal texts. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, each: JsonValue) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

/**
 * Limits of JSON from outside this program. They are far above real data, and keep a small text from becoming a large object:
 * 20 MiB of brackets would take 1.6 GB.
 */
export const JSON_LIMITS = {
  /** Levels of nested objects and arrays. */
  depth: 500,
  /** Values, including objects and arrays. */
  values: 2_000_000,
} as const;

/** JSON that was not parsed because it exceeds {@link JSON_LIMITS}. */
export class OversizedJsonError extends Error {}

/**
 * Parses JSON from outside this program.
 *
 * @throws {@link OversizedJsonError} before anything is parsed
 * @throws SyntaxError if the text is not JSON
 */
export function parseUntrustedJson(text: string): JsonValue {
  assertWithinLimits(text);
  return JSON.parse(text) as JsonValue;
}

/** Parses JSON from outside this program. Returns `undefined` if the text is not JSON, or exceeds {@link JSON_LIMITS}. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    return parseUntrustedJson(text);
  } catch {
    return undefined;
  }
}

/** Counts brackets and commas outside of strings, which is enough even if the text is not JSON. */
function assertWithinLimits(text: string): void {
  let depth = 0;
  let values = 1;
  for (let index = 0; index < text.length; index++) {
    switch (text[index]) {
      case '"':
        index = endOfString(text, index);
        continue;
      case '[':
      case '{':
        if (++depth > JSON_LIMITS.depth)
          throw new OversizedJsonError(`JSON that is nested deeper than ${JSON_LIMITS.depth} levels`);
        break;
      case ']':
      case '}':
        depth--;
        continue;
      case ',':
        break;
      default:
        continue;
    }
    if (++values > JSON_LIMITS.values)
      throw new OversizedJsonError(`JSON with more than ${JSON_LIMITS.values.toLocaleString('en')} values`);
  }
}

/** Returns the index of the quote that ends a string; the length of the text if none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
