import { basename, dirname, extname } from 'node:path';

/** Extension of configuration files. */
export const CONFIGURATION_EXTENSION = '.json';

/** Returns the names of the configuration files that belong to a data file: `pk.json` and `pk.csv.json` for `pk.csv`. */
export const configurationNames = (dataFile: string): readonly [string, string] => [
  `${dataFile.slice(0, -extname(dataFile).length)}${CONFIGURATION_EXTENSION}`,
  `${dataFile}${CONFIGURATION_EXTENSION}`,
];

/** The configurations of a data file. */
export interface ConfigurationMatch<File> {
  /** Configurations that belong to the data file. More than one is ambiguous. */
  readonly configurations: readonly File[];
  /** Configurations whose names differ from the data file's only in case or Unicode form, and that are not used. */
  readonly unused: readonly File[];
}

/** Assigns configuration files to the data files next to them. */
export class ConfigurationMatcher<File extends { readonly path: string }> {
  readonly #byPath = new Map<string, File>();
  readonly #byFoldedPath = new Map<string, File[]>();
  /** Paths of configurations that have the exact name for some data file. */
  readonly #exact: ReadonlySet<string>;

  constructor(dataFiles: readonly File[], configurations: readonly File[]) {
    for (const file of configurations) {
      const key = foldedPath(file.path);
      this.#byPath.set(file.path, file);
      this.#byFoldedPath.set(key, [...(this.#byFoldedPath.get(key) ?? []), file]);
    }
    this.#exact = new Set(dataFiles.flatMap(({ path }) => configurationNames(path)));
  }

  /**
   * Returns the configurations of a data file: those with the exact name. If there are none, those whose names differ in
   * case or Unicode form, unless another data file has exactly that name.
   */
  match(dataFile: string): ConfigurationMatch<File> {
    const names = configurationNames(dataFile);
    const exact = names.flatMap((path) => this.#byPath.get(path) ?? []);
    const similar = [...new Set(names.map(foldedPath))]
      .flatMap((key) => this.#byFoldedPath.get(key) ?? [])
      .filter(({ path }) => !this.#exact.has(path));
    return exact.length > 0
      ? { configurations: exact, unused: similar }
      : { configurations: similar, unused: [] };
  }
}

/** Returns a path in which the file name is in one Unicode form and case. macOS and Windows shares change both. */
const foldedPath = (path: string): string => `${dirname(path)}\0${fold(basename(path))}`;

const fold = (name: string): string => name.normalize('NFC').toLowerCase().normalize('NFC');
