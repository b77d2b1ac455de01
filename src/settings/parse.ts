import { readValue } from './secrets.js';
import {
  type Given,
  type Reader,
  type Setting,
  type SettingsTable,
  type Source,
  type Spelling,
  spellingsOf,
  type Values,
} from './setting.js';

/** Result of {@link parseTable}. */
export interface Parsed<Table extends SettingsTable> {
  /** Parsed values, without those that are invalid, were not read, or are not set and have no default. */
  readonly values: Partial<Values<Table>>;
  /** `NAME: problem` for each invalid setting. */
  readonly problems: readonly string[];
}

/**
 * Parses the settings of a table.
 *
 * @param reader the program for which to read files and run commands, and check that required settings are set.
 *   `undefined`: none, so only values that are given directly are parsed
 * @param nameOf returns the name under which to report a missing setting, if it has one. Default: its environment variable
 * @throws UploadError `SETTINGS_INVALID` if a file or command fails
 */
export function parseTable<Table extends SettingsTable>(
  table: Table,
  given: Given,
  reader?: Reader,
  nameOf: (spelling: Spelling) => string | undefined = ({ variable }) => variable,
): Parsed<Table> {
  const missing = reader === undefined ? [] : missingSettings(table, given, reader, nameOf);
  if (missing.length > 0) return { values: {}, problems: missing };
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [property, setting] of Object.entries(table)) {
    const isRead = reader !== undefined && setting.readBy.includes(reader);
    const set = textOf(setting, given, isRead) ?? { text: setting.default, name: setting.variable };
    if (set.text === undefined) continue;
    const result = setting.schema.safeParse(set.text);
    if (result.success) values[property] = result.data;
    else problems.push(...result.error.issues.map(({ message }) => `${set.name} ${message}`));
  }
  return { values: values as Partial<Values<Table>>, problems };
}

/** A missing user name is found before the password is read. */
function missingSettings(
  table: SettingsTable,
  given: Given,
  reader: Reader,
  nameOf: (spelling: Spelling) => string | undefined,
): string[] {
  const [other] = given.values();
  return Object.values(table)
    .filter(({ required, readBy }) => required && readBy.includes(reader))
    .map(spellingsOf)
    .filter((spellings) => !spellings.some(({ variable }) => given.has(variable)))
    .map((spellings) => spellings.map(nameOf).filter(Boolean).join(' or '))
    .map((names) => `${names}: must be set${other ? `, because ${other.name} is` : ''}`);
}

/** Returns the value that takes precedence, and how problems with it start. */
function textOf(
  setting: Setting,
  given: Given,
  isRead: boolean,
): { readonly text: string; readonly name: string } | undefined {
  const { source, variable } = spellingsOf(setting).find(({ variable: each }) => given.has(each)) ?? {};
  const value = variable && given.get(variable);
  if (!value || !source || (source !== 'value' && !isRead)) return undefined;
  return {
    text: readValue(value, source, setting.secret === true),
    name: value.name + subjects[source](value.text),
  };
}

const subjects: Readonly<Record<Source, (text: string) => string>> = {
  value: () => ':',
  file: (path) => `: the content of ${path}`,
  command: () => ': the output of the command',
};
