import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { parse as parseToml, TomlDate, type TomlTable, type TomlValue } from 'smol-toml';
import { didYouMean } from './did-you-mean.js';
import { assertOnlyOwnerCanWrite } from './file-permissions.js';
import { invalidSettings, readFileOf } from './secrets.js';
import {
  type Environment,
  type Given,
  type GivenValue,
  type Setting,
  type SettingsTable,
  spellingsOf,
} from './setting.js';
import { profileTable, settingsTable } from './table.js';

/** Content of the settings file. */
export interface SettingsFile {
  readonly path: string;
  readonly settings: Given;
  /** By the name of the profile. */
  readonly profiles: ReadonlyMap<string, Given>;
}

/**
 * Reads the file that `APLOS_UPLOAD_SETTINGS` names, or else the one in the default location, if it exists. Checks that
 * every key is known, but not the values, and that other users cannot change a file with commands or accounts.
 *
 * @throws UploadError `SETTINGS_INVALID` naming each unknown key and the most similar known key
 */
export function readSettingsFile(environment: Environment): SettingsFile | undefined {
  const path = environment[VARIABLE] || defaultPath(environment);
  return path === undefined ? undefined : readSettingsFileAt(path, VARIABLE);
}

/**
 * Reads a settings file, as {@link readSettingsFile} does.
 *
 * @param namedBy what names the file, for messages
 * @throws UploadError `SETTINGS_INVALID`
 */
export function readSettingsFileAt(path: string, namedBy: string): SettingsFile {
  const { problems, ...file } = new Collector(path).collect(parse(path, namedBy));
  if (problems.length > 0) throw invalidSettings(`${nameOf(path)} is invalid: ${problems.join('; ')}`);
  if (file.profiles.size > 0 || hasCommand(file.settings)) assertOnlyOwnerCanWrite(path);
  return file;
}

const hasCommand = (settings: Given) => [...settings.keys()].some((name) => name.endsWith('_COMMAND'));

const { variable: VARIABLE } = settingsTable.settingsFile;

/**
 * Returns the path in the default location, if there is one. As XDG requires, a relative path in `XDG_CONFIG_HOME` is ignored.
 */
export function defaultSettingsPath({
  XDG_CONFIG_HOME: xdg = '',
  HOME: home = '',
}: Environment): string | undefined {
  const folder = isAbsolute(xdg) ? xdg : isAbsolute(home) ? join(home, '.config') : undefined;
  return folder && join(folder, 'aplos-upload', 'settings.toml');
}

function defaultPath(environment: Environment): string | undefined {
  const path = defaultSettingsPath(environment);
  return path !== undefined && existsSync(path) ? path : undefined;
}

function parse(path: string, namedBy: string): TomlTable {
  const content = readFileOf(namedBy, path);
  try {
    return parseToml(content);
  } catch (cause) {
    throw invalidSettings(`${nameOf(path)} is not valid TOML: ${(cause as Error).message.split('\n')[0]}`);
  }
}

const nameOf = (path: string) => `The settings file ${path}`;

/** Collects the values and problems of one file. */
class Collector {
  readonly #path: string;
  readonly #problems: string[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  collect(root: TomlTable): SettingsFile & { readonly problems: readonly string[] } {
    const keys = keysOf(settingsTable);
    const tables = [...new Set([...keys.keys()].map((key) => key.replace(/\..*/, '')))];
    this.#checkKeys('', root, ['profiles', ...tables]);
    const settings = tables.flatMap((table) =>
      this.#values(`${table}.`, root[table], keysBelow(table, keys)),
    );
    const profiles = Object.entries(this.#table('profiles', root.profiles)).map(
      ([name, profile]) =>
        [name, new Map(this.#values(`profiles.${name}.`, profile, keysOf(profileTable)))] as const,
    );
    return {
      path: this.#path,
      settings: new Map(settings),
      profiles: new Map(profiles),
      problems: this.#problems,
    };
  }

  #values(prefix: string, content: TomlValue | undefined, keys: Keys): [string, GivenValue][] {
    const table = this.#table(prefix.slice(0, -1), content);
    this.#checkKeys(prefix, table, [...keys.keys()]);
    this.#checkOnce(prefix, table, keys);
    return [...keys].flatMap(([key, { variable, setting }]): [string, GivenValue][] => {
      const text = this.#text(prefix + key, table[key], setting);
      return text ? [[variable, { text, name: prefix + key, origin: this.#path }]] : [];
    });
  }

  #text(name: string, value: TomlValue | undefined, { separator }: Setting): string | undefined {
    const text = value === undefined ? undefined : textOf(value, separator);
    const types = separator ? 'text or a list of texts' : 'text or a number';
    if (value !== undefined && !text) this.#problems.push(`${name}: must be ${types}, and not be empty`);
    return text;
  }

  #table(name: string, content: TomlValue | undefined): TomlTable {
    if (isTable(content)) return content;
    if (content !== undefined) this.#problems.push(`${name}: must be a table`);
    return {};
  }

  /** A value can be provided in one way only. */
  #checkOnce(prefix: string, table: TomlTable, keys: Keys): void {
    const used = [...keys].filter(([key]) => key in table);
    for (const [index, [key, { setting }]] of used.entries()) {
      const [other] = used.slice(0, index).find(([, earlier]) => earlier.setting === setting) ?? [];
      if (other) this.#problems.push(`${prefix}${key}: cannot be combined with ${other}`);
    }
  }

  #checkKeys(prefix: string, table: TomlTable, known: readonly string[]): void {
    for (const key of Object.keys(table))
      if (!known.includes(key)) this.#problems.push(`${prefix}${key}: unknown key ${didYouMean(key, known)}`);
  }
}

/** Settings and variables by key. */
type Keys = ReadonlyMap<string, { readonly variable: string; readonly setting: Setting }>;

const keysOf = (table: SettingsTable): Keys =>
  new Map(
    Object.values(table).flatMap((setting) =>
      spellingsOf(setting).flatMap(({ key, variable }) =>
        key === undefined ? [] : [[key, { variable, setting }] as const],
      ),
    ),
  );

const keysBelow = (table: string, keys: Keys): Keys =>
  new Map(
    [...keys]
      .filter(([key]) => key.startsWith(`${table}.`))
      .map(([key, value]) => [key.slice(table.length + 1), value]),
  );

/** Returns the text that an environment variable would have for this value. */
function textOf(value: TomlValue, separator: string | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (separator && Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.join(separator);
  return undefined;
}

const isTable = (value: TomlValue | undefined): value is TomlTable =>
  typeof value === 'object' && !Array.isArray(value) && !(value instanceof TomlDate);
