import { readSettingsFileAt } from './file.js';
import { type Environment, type Setting, type SettingsTable, spellingsOf } from './setting.js';
import { profileTable, settingsTable } from './table.js';

const { settingsFile, temporalAddress } = settingsTable;

/** Variables of the worker alone, which no settings file sets. */
const VERSION_VARIABLES = ['TEMPORAL_DEPLOYMENT_NAME', 'TEMPORAL_WORKER_BUILD_ID'];

/**
 * Returns the environment in which the settings file applies that somebody named on the command line. The file overrides
 * variables that set the same: one that names a test environment must not lead to another one because of a variable. All
 * variables of Temporal's connection count as the same, and so do all those of an account.
 *
 * @throws UploadError `SETTINGS_INVALID` if the file cannot be read, or is invalid
 */
export function environmentWithFile(path: string, environment: Environment): Environment {
  const { settings, profiles } = readSettingsFileAt(path, '--settings');
  const isInFile = (setting: Setting) => spellingsOf(setting).some(({ variable }) => settings.has(variable));
  const all: readonly Setting[] = Object.values(settingsTable);
  const inFile = all.filter(isInFile);
  const overridden = new Set([
    ...variablesOf(all.filter((setting) => inFile.some((each) => isSame(each, setting)))),
    ...(profiles.has('default') ? variablesOf(Object.values(profileTable)) : []),
  ]);
  const setsTemporal = inFile.some(({ group }) => group === temporalAddress.group);
  const isOverridden = (name: string) =>
    overridden.has(name) ||
    (setsTemporal && name.startsWith('TEMPORAL_') && !VERSION_VARIABLES.includes(name));
  const kept = Object.entries(environment).filter(([name]) => !isOverridden(name));
  return { ...Object.fromEntries(kept), [settingsFile.variable]: path };
}

const isSame = (one: Setting, other: Setting): boolean =>
  one === other || (one.alternative !== undefined && one.alternative === other.alternative);

const variablesOf = (settings: SettingsTable[string][]): string[] =>
  settings.flatMap((setting) => spellingsOf(setting).map(({ variable }) => variable));
