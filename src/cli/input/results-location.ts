import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Layout of the packages in a directory. */
const LAYOUT = '{fileName}/{label}.zip';

/**
 * Returns the template of a results location that an option names: a directory here, or a URL. Without placeholders, it is a
 * directory with one directory for each file.
 */
export function resultsTemplateFor(out: string): string {
  const url = /^[a-z\d]+:\/\//i.test(out) ? out : pathToFileURL(resolve(out)).href;
  return url.includes('{') ? url : `${url.replace(/\/+$/, '')}/${LAYOUT}`;
}
