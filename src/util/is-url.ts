/** Reports whether a text is a URL with a scheme and `//`, e.g. `s3://bucket/pk.csv`, rather than a path. */
export const isUrl = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
