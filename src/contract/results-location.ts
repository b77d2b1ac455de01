/** Placeholders in the template of a results location. */
export const RESULTS_PLACEHOLDERS = ['profile', 'batch', 'fileName', 'label', 'executionId'] as const;

/** Values of the placeholders for one execution. */
export type PackageNames = { readonly [Name in (typeof RESULTS_PLACEHOLDERS)[number]]?: string | undefined };

const PLACEHOLDER = /\{([^{}]*)\}/g;
/** Matches what a file name cannot contain: the value of a placeholder never becomes more than one name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them
const NOT_IN_NAMES = /[/\\\u0000-\u001f\u007f]/g;

/** Returns a text as one segment of a URL's path. */
function segmentFor(value: string): string {
  const name = value.replace(NOT_IN_NAMES, '_');
  return encodeURIComponent(/^\.+$/.test(name) ? name.replaceAll('.', '_') : name);
}

/** Returns the location of one package: a template in which each placeholder is replaced. Slashes in values become `_`. */
export const resultsLocation = (template: string, names: PackageNames): string =>
  template.replace(PLACEHOLDER, (whole, name: keyof PackageNames) => {
    const value = names[name];
    return value === undefined ? whole : segmentFor(value);
  });

/** Reports whether results go to a directory of the host whose worker fetches them. */
export const isOnHost = (template: string): boolean => template.startsWith('file:');

/** Returns the directory of a template that is the same for all packages. */
export const commonDirectoryOf = (template: string): string =>
  template.slice(0, template.search(/\/[^/]*(\{|$)/));

/** Returns the location to which a package is unpacked: that of the package without its extension. */
export const unpackedLocation = (location: string): string =>
  /\.zip$/i.test(location) ? location.slice(0, -4) : `${location}.unpacked`;

/**
 * Returns what is wrong with the template of a results location, following the name of the field. `undefined` if nothing is.
 *
 * @param names placeholders that have a value
 */
export function findTemplateProblem(template: string, names: PackageNames): string | undefined {
  for (const [, name = ''] of template.matchAll(PLACEHOLDER)) {
    if (!RESULTS_PLACEHOLDERS.some((each) => each === name))
      return `contains {${name}}; the placeholders are ${RESULTS_PLACEHOLDERS.map((each) => `{${each}}`).join(', ')}`;
    if (names[name as keyof PackageNames] === undefined)
      return `contains {${name}}, but the request has no ${name}`;
  }
  return findLocationProblem(resultsLocation(template, names));
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

function findLocationProblem(location: string): string | undefined {
  const [, path = ''] = /^[a-z\d]+:\/\/[^/]*(\/.*)$/.exec(location) ?? [];
  if (!URL.canParse(location) || path === '')
    return 'must be a URL: file:///directory/{label}.zip or s3://bucket/{label}.zip';
  const { protocol, host, search, hash, username, password } = new URL(location);
  if (protocol !== 'file:' && protocol !== 's3:')
    return `has the scheme ${protocol}, but must be a file: or an s3: URL`;
  if (search || hash) return 'contains ? or #, to be written as %3F and %23';
  if (protocol === 'file:' && host !== '')
    return 'names a host; a file: URL has three slashes: file:///directory/{label}.zip';
  if (protocol === 's3:' && (!BUCKET.test(host) || username || password))
    return 'must have the format s3://bucket/{label}.zip';
  const segments = path.slice(1).split('/').map(decode);
  if (segments.some((each) => each === undefined))
    return 'contains a % that is not part of a percent-encoded character';
  if (segments.some((each) => each === '.' || each === '..' || /[/\0]/.test(each ?? '')))
    return 'contains "." or "..", or an encoded slash';
  if (segments.includes(''))
    return segments.at(-1) === '' ? 'must name a file, not a directory' : 'contains an empty directory name';
  return undefined;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** One package, and where it goes. */
interface Placed {
  readonly label: string;
  readonly location: string;
}

/**
 * Returns the labels of two executions whose packages, or the directories that they are unpacked to, would get the same path.
 * Names that differ only in case are the same on some file systems.
 */
export function findClash(
  placed: readonly Placed[],
  unpacks: boolean,
): readonly [string, string] | undefined {
  const taken = new Map<string, string>();
  for (const { label, location } of placed) {
    const own = [location, ...(unpacks ? [unpackedLocation(location)] : [])].map(comparable);
    for (const each of own) {
      const other = taken.get(each);
      if (other !== undefined) return [other, label];
    }
    for (const each of own) taken.set(each, label);
  }
  return undefined;
}

const comparable = (location: string) => (decode(location) ?? location).normalize('NFC').toLowerCase();
