/** Returns the code of a system error, e.g. `ENOENT`. */
export const systemErrorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
