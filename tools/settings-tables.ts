/** The tables of docs/reference/settings.md, generated from the table of settings. */
import { basename, posix } from 'node:path';
import { GROUPS, type Reader, type Setting, spellingsOf } from '../src/settings/setting.js';
import { profileTable, settingsTable } from '../src/settings/table.js';

const units: Record<NonNullable<Setting['unit']>, string> = { s: 'seconds', days: 'days', bytes: 'bytes' };
const readers: Record<Reader, string> = {
  worker: 'worker',
  client: 'client',
  'codec-server': 'codec server',
};

/** Returns the page with the table between the two markers of each group replaced. */
export const withSettingsTables = (page: string): string => GROUPS.reduce(withTable, page);

function withTable(page: string, group: string): string {
  const start = `<!-- Settings: ${group}. Generated from src/settings/table.ts by \`npm run build\`. -->\n`;
  const end = '<!-- End of settings. -->';
  const [before = '', rest] = page.split(start);
  if (rest === undefined)
    throw new Error(`docs/reference/settings.md has no marker for the settings of "${group}"`);
  return `${before}${start}\n${tableOf(group)}\n${rest.slice(rest.indexOf(end))}`;
}

function tableOf(group: string): string {
  const rows = [
    ...rowsOf(group, Object.values(settingsTable), ''),
    ...rowsOf(group, Object.values(profileTable), 'profiles.NAME.'),
  ];
  const header =
    '| variable | key in the file | value | default | read by | meaning |\n| --- | --- | --- | --- | --- | --- |\n';
  return header + rows.join('');
}

const rowsOf = (group: string, settings: readonly Setting[], prefix: string): string[] =>
  settings
    .filter((setting) => setting.group === group)
    .map((setting) => `| ${cells(setting, prefix).join(' | ')} |\n`);

function cells(setting: Setting, prefix: string): string[] {
  const { format, unit, default: text, unset, readBy, description, page } = setting;
  const spellings = spellingsOf(setting);
  return [
    code(spellings.map(({ variable }) => variable)),
    code(spellings.flatMap(({ key }) => (key === undefined ? [] : [prefix + key]))),
    (format ?? (unit ? units[unit] : '')) + (setting.separator ? '; a list in the file' : ''),
    unset ?? (text === undefined ? '' : `\`${text}\``),
    readBy.map((reader) => readers[reader]).join(', '),
    `${description}.${page ? ` See ${link(page)}.` : ''}`,
  ];
}

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

const link = (page: string): string =>
  `[${basename(page.replace(/#.*/, ''))}](${posix.relative('reference', page)})`;
