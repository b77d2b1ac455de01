/** Temporal's query language finds no value that contains one of these characters, however they are escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them
const UNQUERYABLE = /["\\\u0000-\u001f]/;

/** Reports whether a query can find this value. */
export const canBeQueried = (value: string): boolean => !UNQUERYABLE.test(value);

/** Quotes a value for a query. */
export const quoteForQuery = (value: string): string => `'${value.replaceAll("'", "''")}'`;
