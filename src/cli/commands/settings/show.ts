import { out } from '../../output/colors.js';
import { table } from '../../output/table.js';
import { print, printJson } from '../../output/terminal.js';
import { allSettings } from './all-settings.js';

/** Prints the effective settings, in groups. */
export function showSettings({ json }: { json?: true }): void {
  const groups = allSettings();
  const all = groups.flatMap(({ settings }) => settings);
  if (json) {
    printJson(all);
    return;
  }
  const lines = table(all.map(({ name, value, from }) => [`  ${name}`, value, out.dim(from)]));
  for (const { title, settings } of groups) {
    print(out.bold(title));
    if (settings.length === 0) print(`  ${out.dim('none')}`);
    for (const line of lines.splice(0, settings.length)) print(line);
  }
}
