import { CliCommand } from '../command.js';
import { out } from '../output/colors.js';
import { table } from '../output/table.js';
import { print, printJson } from '../output/terminal.js';

/** `aplos-upload settings` */
export const settingsCommand = new CliCommand('settings')
  .description('show the effective settings and where each comes from')
  .option('--json', 'print the settings as one JSON array')
  .example('see where the address of Temporal comes from', 'aplos-upload settings | grep TEMPORAL_ADDRESS')
  .action(async ({ json }: { json?: true }) => {
    const { allSettings } = await import('./settings/all-settings.js');
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
  });
