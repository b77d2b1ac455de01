/** Any number of values, which may become available one after the other. */
export type Many<Value> = AsyncIterable<Value> | Iterable<Value>;

/** Maximum number of concurrent calls to Temporal when handling many uploads. */
export const CONCURRENCY = 20;
