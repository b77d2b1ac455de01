/** JSON Schemas for editors, generated from the tables of settings and from the schema of a manifest's row. */
import { z } from 'zod';
import { manifestRowSchema } from '../src/cli/input/manifest-row.js';
import { type Setting, type SettingsTable, spellingsOf } from '../src/settings/setting.js';
import { profileTable, settingsTable } from '../src/settings/table.js';

type Schema = Record<string, unknown>;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** Returns the JSON Schema of the settings file. */
export function settingsSchema(): Schema {
  const tables = new Map<string, Schema>();
  for (const [path, schema] of keysOf(settingsTable)) {
    const [table = '', key = ''] = path.split('.');
    tables.set(table, { ...tables.get(table), [key]: schema });
  }
  return {
    $schema: DRAFT,
    title: 'Settings of aplos-upload',
    ...objectOf({
      ...Object.fromEntries([...tables].map(([name, properties]) => [name, objectOf(properties)])),
      profiles: {
        type: 'object',
        description: 'Aplos accounts, by the name that requests use. Only workers need them.',
        additionalProperties: {
          ...objectOf(Object.fromEntries(keysOf(profileTable))),
          required: requiredKeys,
        },
      },
    }),
  };
}

/** Returns the JSON Schema of a row of a manifest in JSON Lines. */
export const manifestSchema = (): Schema => ({
  $schema: DRAFT,
  title: 'Row of a manifest of aplos-upload',
  ...z.toJSONSchema(manifestRowSchema, { io: 'input' }),
});

const requiredKeys = Object.values(profileTable as SettingsTable).flatMap(({ required, sources, key }) =>
  required && sources === undefined && key !== undefined ? [key] : [],
);

const objectOf = (properties: Schema): Schema => ({
  type: 'object',
  properties,
  additionalProperties: false,
});

function keysOf(table: SettingsTable): [key: string, schema: Schema][] {
  return Object.values(table).flatMap((setting) =>
    spellingsOf(setting).flatMap(({ key, source }): [string, Schema][] =>
      key === undefined ? [] : [[key, { ...typeOf(setting, source), ...descriptionOf(setting, source) }]],
    ),
  );
}

function typeOf({ schema, separator }: Setting, source: string): Schema {
  if (source !== 'value') return { type: 'string' };
  if (separator) return { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
  const { $schema, ...type } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;
  return Object.keys(type).length > 0 ? type : { type: 'string' };
}

function descriptionOf({ description, unit, default: value, unset }: Setting, source: string): Schema {
  const sentences = [
    { value: '', file: 'File with this value: ', command: 'Command that prints this value: ' }[source],
    `${description}.`,
    unit && source === 'value' ? ` Unit: ${unit}.` : '',
    unset ? ` Default: ${unset}.` : value ? ` Default: ${value}.` : '',
  ];
  return { description: sentences.join('').replaceAll('`', '') };
}
