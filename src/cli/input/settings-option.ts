import type { Command } from 'commander';

/** Adds the option `--settings`, which selects a settings file before the command runs. */
export const withSettingsOption = (command: Command): Command =>
  command
    .option('--settings <file>', 'settings file to use; it overrides environment variables')
    .hook('preAction', async (_command, { opts }) => {
      const { settings: path } = opts<{ settings?: string }>();
      if (path !== undefined) await selectSettingsFile(path);
    });

async function selectSettingsFile(path: string): Promise<void> {
  const { environmentWithFile } = await import('../../settings/named-file.js');
  const environment = environmentWithFile(path, process.env);
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
}
