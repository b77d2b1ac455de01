/** Makes a settings file the one that this process uses. It overrides environment variables. */
export async function selectSettingsFile(path: string): Promise<void> {
  const { environmentWithFile } = await import('../../settings/named-file.js');
  const environment = environmentWithFile(path, process.env);
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
}
