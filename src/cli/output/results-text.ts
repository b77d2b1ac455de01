/** Returns the location of results for people: a path instead of a file: URL. */
export const shownLocation = (location: string): string =>
  location.startsWith('file://') ? decodeURIComponent(new URL(location).pathname) : location;
