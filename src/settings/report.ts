import { MASK } from '../util/secret.js';
import type { LoadedSettings } from './load.js';
import {
  type Given,
  GROUPS,
  type Setting,
  type SettingsTable,
  type Spelling,
  spellingsOf,
} from './setting.js';
import { profileTable, settingsTable } from './table.js';

/** A setting and its effective value. */
export interface EffectiveSetting {
  /** Environment variable, or key in the settings file if the setting has no variable. */
  readonly name: string;
  /** Effective value, with its unit. Secrets are masked. */
  readonly value: string;
  /** `default`, `environment`, or a file and the key in it. */
  readonly from: string;
}

/** Settings that are listed together. */
export interface SettingsGroup {
  readonly title: string;
  readonly settings: readonly EffectiveSetting[];
}

/** Returns the effective settings of a worker and their origins, except those of Temporal's library. */
export function effectiveSettings(loaded: LoadedSettings): SettingsGroup[] {
  const { values, given } = loaded;
  const settings = rowsOf(settingsTable, given.settings, values);
  return GROUPS.filter((title) => title !== settingsTable.temporalAddress.group).map((title) => ({
    title,
    settings: title === profileTable.userName.group ? profileRows(loaded) : (settings.get(title) ?? []),
  }));
}

function profileRows({ given: { profiles, account }, settings }: LoadedSettings): EffectiveSetting[] {
  return [...profiles].flatMap(([name, given]) => {
    const keyName = ({ key }: Spelling) => key && `profiles.${name}.${key}`;
    const rows = rowsOf(
      profileTable,
      given,
      settings.profiles.get(name) ?? {},
      given === account ? undefined : keyName,
    );
    return [...rows.values()].flat();
  });
}

function rowsOf(
  table: SettingsTable,
  given: Given,
  values: Readonly<Record<string, unknown>>,
  nameOf: (spelling: Spelling) => string | undefined = ({ variable }) => variable,
): ReadonlyMap<string, EffectiveSetting[]> {
  const groups = new Map<string, EffectiveSetting[]>();
  for (const [property, setting] of Object.entries(table)) {
    const rows = groups.get(setting.group) ?? [];
    groups.set(setting.group, [...rows, rowOf(setting, given, values[property], nameOf)]);
  }
  return groups;
}

function rowOf(
  setting: Setting,
  given: Given,
  value: unknown,
  nameOf: (spelling: Spelling) => string | undefined,
): EffectiveSetting {
  const spellings = spellingsOf(setting);
  const spelling = spellings.find(({ variable }) => given.has(variable));
  const set = spelling && given.get(spelling.variable);
  if (!spelling || !set) {
    // A secret itself has no key in the file, but its file has.
    const [first = setting.variable] = spellings.flatMap((each) => nameOf(each) ?? []);
    return { name: first, value: defaultText(setting), from: 'default' };
  }
  const name = nameOf(spelling) ?? spelling.variable;
  return {
    name,
    value: textOf(setting, spelling, set.text, value),
    from: set.name === spelling.variable || set.name === name ? set.origin : `${set.origin}, ${set.name}`,
  };
}

/** Returns the text of a setting's default, or of the effect of leaving it out. */
export const defaultText = ({ default: text, unset, unit }: Setting): string =>
  unset?.replaceAll('`', '') ?? (text === undefined ? 'none' : withUnit(text, unit));

function textOf({ show, secret, unit }: Setting, { source }: Spelling, text: string, value: unknown): string {
  if (show && value !== undefined) return show(value as never);
  if (secret) return { value: MASK, file: `${MASK} in ${text}`, command: `${MASK} from a command` }[source];
  return typeof value === 'string' && source === 'value' ? value : withUnit(text, unit);
}

const withUnit = (text: string, unit: string | undefined) => (unit ? `${text} ${unit}` : text);
