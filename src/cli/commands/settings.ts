import { Command } from 'commander';
import { out } from '../output/colors.js';
import { print, printJson, widthOf } from '../output/terminal.js';

/** `aplos-upload settings` */
export const settingsCommand = new Command('settings')
  .description('show the effective settings and where each comes from')
  .option('--json', 'print the settings as one JSON array')
  .action(async ({ json }: { json?: true }) => {
    const { allSettings } = await import('./settings/all-settings.js');
    const groups = allSettings();
    const all = groups.flatMap(({ settings }) => settings);
    if (json) {
      printJson(all);
      return;
    }
    const [names, values] = [all.map(({ name }) => name), all.map(({ value }) => value)].map((column) =>
      Math.max(...column.map(widthOf)),
    );
    for (const { title, settings } of groups) {
      print(out.bold(title));
      if (settings.length === 0) print(`  ${out.dim('none')}`);
      for (const { name, value, from } of settings)
        print(`  ${pad(name, names)}  ${pad(value, values)}  ${out.dim(from)}`);
    }
  });

const pad = (text: string, columns = 0): string => text + ' '.repeat(Math.max(0, columns - widthOf(text)));
