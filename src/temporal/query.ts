/** Temporal's query language finds no value with one of these in it, however they are written. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them
const NOT_TO_BE_FOUND = /["\\\u0000-\u001f]/;

/** Whether a query can name this value. */
export const canBeQueried = (value: string): boolean => !NOT_TO_BE_FOUND.test(value);

/** A value as it stands in a query. */
export const quoteForQuery = (value: string): string => `'${value.replaceAll("'", "''")}'`;
