/** Quotes a path or a name for a message, on one line whatever it contains. */
export const quote = (name: string): string => JSON.stringify(name);
