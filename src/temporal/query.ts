/** Temporal's query language finds no value that contains one of these characters, however they are escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them
const UNQUERYABLE = /["\\\u0000-\u001f]/;

/** Reports whether a query can find this value. */
export const canBeQueried = (value: string): boolean => !UNQUERYABLE.test(value);

/** Quotes a value for a query. */
export const quoteForQuery = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/**
 * Returns the conditions for runs of a file name whose workflow ID also has to match: none if a query cannot contain the name. Temporal
 * looks a file name up in an index. For the beginning of a workflow ID, SQLite reads all runs of the namespace.
 */
export const fileNameConditions = (fileName: string): string[] =>
  canBeQueried(fileName) ? [`AplosFileName = ${quoteForQuery(fileName)}`] : [];
