import type { z } from 'zod';

/** Program that reads settings. `client` is every command except the others, and the library. */
export type Reader = 'worker' | 'client' | 'codec-server';

/** Way to provide a value: directly, as the content of a file, or as the output of a command. */
export type Source = 'value' | 'file' | 'command';

/** Titles under which settings are listed, in order. */
export const GROUPS = [
  'Settings file',
  'Temporal',
  'Encryption',
  'Aplos accounts',
  'Worker',
  'Hosts',
  'Monitoring',
  'Network',
  'Codec server',
  'Records',
  'Temporal UI',
] as const;

/** Everything about one setting. */
export interface Setting {
  readonly group: (typeof GROUPS)[number];
  /** Environment variable. The variable for a file or a command ends in `_FILE` or `_COMMAND` in addition. */
  readonly variable: string;
  /** Key in the settings file, with its table. The key for a file or a command ends in `_file` or `_command`. Default: none */
  readonly key?: string;
  /** Other names that programs of the vendor use for the setting. Default: none */
  readonly alias?: { readonly variable: string; readonly key: string };
  /** Ways to provide the value, by precedence. Default: the value itself */
  readonly sources?: readonly Source[];
  /** If set, the value is masked, its file must be private, and the settings file cannot contain it. */
  readonly secret?: true;
  /** Name that mutually exclusive settings share: one in the environment overrides all of them in the file. */
  readonly alternative?: string;
  /** Parses and validates the text of the value. Its messages follow the name of the setting: "must be …". */
  readonly schema: z.ZodType;
  /** Separator between items, if the value is a list. Default: not a list */
  readonly separator?: ',' | ':';
  /** Text that is parsed if the setting is not set. Default: the setting is undefined */
  readonly default?: string;
  /** If set, an account without this setting is an error. */
  readonly required?: true;
  /** Unit of a number. Default: none */
  readonly unit?: 's' | 'days' | 'bytes';
  /** Format of the value, in Markdown. Default: the unit */
  readonly format?: string;
  /** Effect of leaving the setting out, if `default` does not say it. Default: none */
  readonly unset?: string;
  readonly readBy: readonly Reader[];
  /** One line of Markdown, without a period at the end. */
  readonly description: string;
  /** Page in `docs` with more. Default: none */
  readonly page?: string;
  /** Formats the parsed value for `aplos-upload settings`. Default: the value if it is a string, else its text */
  readonly show?: (value: never) => string;
}

/** Settings by their names in code. */
export type SettingsTable = Readonly<Record<string, Setting>>;

type IsAlwaysSet<Entry extends Setting> = Entry extends { default: string } | { required: true }
  ? true
  : false;

/** Parsed values of a table's settings. A setting with neither a default nor `required` is optional. */
export type Values<Table extends SettingsTable> = {
  readonly [Name in keyof Table as IsAlwaysSet<Table[Name]> extends true ? Name : never]: z.output<
    Table[Name]['schema']
  >;
} & {
  readonly [Name in keyof Table as IsAlwaysSet<Table[Name]> extends true ? never : Name]?:
    | z.output<Table[Name]['schema']>
    | undefined;
};

/** One way to provide a setting, and its names. */
export interface Spelling {
  readonly source: Source;
  readonly variable: string;
  /** Key in the settings file. `undefined` if the file cannot contain it. */
  readonly key: string | undefined;
}

/** Returns the ways to provide a setting, by precedence. */
export const spellingsOf = ({ variable, key, alias, sources = ['value'], secret }: Setting): Spelling[] => [
  ...sources.map((source) => {
    const suffix = source === 'value' ? '' : `_${source}`;
    return {
      source,
      variable: variable + suffix.toUpperCase(),
      key: key === undefined || (secret && source === 'value') ? undefined : key + suffix,
    };
  }),
  ...(alias ? [{ source: 'value' as const, ...alias }] : []),
];

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Text that somebody set. */
export interface GivenValue {
  readonly text: string;
  /** Name of the setting where it was set: an environment variable, or a key of the settings file. */
  readonly name: string;
  /** `environment`, the path of the settings file, or `default`. */
  readonly origin: string;
}

/** Values by environment variable, including those that were set by the corresponding key of the settings file. */
export type Given = ReadonlyMap<string, GivenValue>;
