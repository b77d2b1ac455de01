import { Command } from 'commander';
import { out } from '../output/colors.js';

/** `aplos-upload settings` */
export const settingsCommand = new Command('settings')
  .description('show the effective settings and where each comes from')
  .option('--json', 'print the settings as one JSON array')
  .action(async ({ json }: { json?: true }) => {
    const { allSettings } = await import('./settings/all-settings.js');
    const groups = allSettings();
    const all = groups.flatMap(({ settings }) => settings);
    if (json) {
      console.log(JSON.stringify(all));
      return;
    }
    const [names, values] = [all.map(({ name }) => name), all.map(({ value }) => value)].map((column) =>
      Math.max(...column.map((text) => text.length)),
    );
    for (const { title, settings } of groups) {
      console.log(out.bold(title));
      if (settings.length === 0) console.log(`  ${out.dim('none')}`);
      for (const { name, value, from } of settings)
        console.log(`  ${name.padEnd(names ?? 0)}  ${value.padEnd(values ?? 0)}  ${out.dim(from)}`);
    }
  });
