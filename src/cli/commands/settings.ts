import { effectiveSettings } from '../../settings/report.js';
import { out } from '../output/colors.js';

/** `aplos-upload config` */
export function settings({ json }: { json?: true }): void {
  const groups = effectiveSettings();
  if (json) {
    console.log(JSON.stringify(groups.flatMap(({ settings }) => settings)));
    return;
  }
  const all = groups.flatMap(({ settings }) => settings);
  const [names, values] = [all.map(({ name }) => name), all.map(({ value }) => value)].map((column) =>
    Math.max(...column.map((text) => text.length)),
  );
  for (const { title, settings } of groups) {
    console.log(out.bold(title));
    if (settings.length === 0) console.log(`  ${out.dim('none')}`);
    for (const { name, value, from } of settings)
      console.log(`  ${name.padEnd(names ?? 0)}  ${value.padEnd(values ?? 0)}  ${out.dim(from)}`);
  }
}
