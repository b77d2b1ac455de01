import { readSettingsFile, type SettingsFile } from './file.js';
import { assertNothingIsRefused } from './refused-variables.js';
import { type Environment, type Given, type Setting, type SettingsTable, spellingsOf } from './setting.js';
import { profileTable, settingsTable } from './table.js';
import { assertNoTypos } from './typos.js';

/** Text of all settings in the environment and the settings file. */
export interface GivenSettings {
  /** Settings of {@link settingsTable}. */
  readonly settings: Given;
  /** Settings of {@link profileTable} in the environment, even if they do not name an account. */
  readonly account: Given;
  /** Profiles in the settings file and, if the environment names an account, the profile `default`. */
  readonly profiles: ReadonlyMap<string, Given>;
}

const variablesOf = (table: SettingsTable): string[] =>
  Object.values(table).flatMap((setting) => spellingsOf(setting).map(({ variable }) => variable));

/** The environment variables that this program reads, except those of other libraries. */
export const settingVariables: readonly string[] = [
  ...variablesOf(profileTable),
  ...variablesOf(settingsTable),
];

const { variable: VARIABLE } = settingsTable.settingsFile;
const { userName, password } = profileTable;
const ACCOUNT_VARIABLES = variablesOf({ userName, password });

/**
 * Reads the environment and the settings file, but no secret. An environment variable overrides the file. An empty
 * variable counts as unset.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function readGiven(environment: Environment): GivenSettings {
  assertNothingIsRefused(environment);
  assertNoTypos(environment, settingVariables);
  const file = readSettingsFile(environment);
  const account = givenIn(environment, profileTable);
  const hasAccount = ACCOUNT_VARIABLES.some((variable) => account.has(variable));
  const fileProfiles = [...(file?.profiles ?? [])].filter(([name]) => !(hasAccount && name === 'default'));
  return {
    settings: override(file, givenIn(environment, settingsTable)),
    account,
    profiles: new Map([...(hasAccount ? [['default', account] as const] : []), ...fileProfiles]),
  };
}

function givenIn(environment: Environment, table: SettingsTable): Given {
  return new Map(
    variablesOf(table).flatMap((variable) => {
      const text = environment[variable];
      return text ? [[variable, { text, name: variable, origin: 'environment' }] as const] : [];
    }),
  );
}

/** Drops a setting of the file if the environment sets it in any way, or sets an alternative to it. */
function override(file: SettingsFile | undefined, environment: Given): Given {
  if (!file) return environment;
  const settings: readonly Setting[] = Object.values(settingsTable);
  const groupOf = ({ alternative, variable }: Setting) => alternative ?? variable;
  const isSet = (setting: Setting) => spellingsOf(setting).some(({ variable }) => environment.has(variable));
  const overridden = settings.filter(isSet).map(groupOf);
  const kept = settings
    .filter((setting) => !overridden.includes(groupOf(setting)))
    .flatMap(spellingsOf)
    .map(({ variable }) => variable);
  return new Map([
    [VARIABLE, { text: file.path, name: VARIABLE, origin: 'default' }],
    ...[...file.settings].filter(([variable]) => kept.includes(variable)),
    ...environment,
  ]);
}
