/** Quotes a path or file name for a message: one line, whatever it contains. */
export const quote = (name: string): string => JSON.stringify(name);
