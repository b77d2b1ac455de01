import { describe, expect, it } from 'vitest';
import { settingVariables } from '../../src/settings/given.js';
import { spellingsOf } from '../../src/settings/setting.js';
import { profileTable, settingsTable } from '../../src/settings/table.js';

const tables = { settingsTable, profileTable };

describe.each(Object.entries(tables))('%s', (_name, table) => {
  it('has different variables and keys for each setting', () => {
    const spellings = Object.values(table).flatMap(spellingsOf);
    for (const names of [
      spellings.map(({ variable }) => variable),
      spellings.flatMap(({ key }) => key ?? []),
    ])
      expect(new Set(names).size).toBe(names.length);
  });

  it('has valid defaults', () => {
    for (const setting of Object.values(table))
      if ('default' in setting)
        expect(setting.schema.safeParse(setting.default)).toMatchObject({ success: true });
  });

  it.each(Object.values(table).filter((setting) => 'secret' in setting))(
    'does not allow the value of $variable in the settings file',
    (setting) => {
      const keys = spellingsOf(setting).flatMap(({ key }) => key ?? []);
      expect(keys).not.toEqual([]);
      for (const key of keys) expect(key).toMatch(/_(file|command)$/);
    },
  );
});

describe('settingVariables', () => {
  it('contains every variable of a setting that has several', () => {
    expect(settingVariables).toEqual(
      expect.arrayContaining(['', '_FILE', '_COMMAND'].map((suffix) => `COGNITO_PASSWORD${suffix}`)),
    );
  });
});
