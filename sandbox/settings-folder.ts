import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { stringify } from 'smol-toml';
import type { Sandbox } from './sandbox.js';

/** What settings of a sandbox are made from. */
export interface SandboxParts {
  readonly sandbox: Sandbox;
  /** Temporal server. Default: none, and the settings name none. */
  readonly temporal?: { readonly address: string; readonly namespace: string; readonly uiUrl: string };
  /** Encryption key, as `ID:KEY`. */
  readonly key: string;
  /** Directory in which the worker may store results. Default: none. */
  readonly resultsRoot?: string | undefined;
}

/** A folder with the settings file of a sandbox, and with the secrets that it names. */
export interface SettingsFolder {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Absolute path of the settings file. */
  readonly settingsFile: string;
  /** Absolute path of the file with the encryption key. */
  readonly keyFile: string;
  /** Absolute path of Temporal's own configuration file. */
  readonly temporalConfigFile: string;
  /** Writes the files, and the settings under another name, which it returns. */
  write(parts: SandboxParts): Promise<string>;
  /** Gives the settings file its name: it exists once everything can be used. */
  publish(): Promise<void>;
  /** Removes the folder. */
  remove(): Promise<void>;
}

const PROCESS_FILE = 'sandbox.pid';
const UNPUBLISHED = 'starting.toml';

/**
 * Creates the folder of a settings file. Only this user can read it, and git ignores it.
 *
 * @param path settings file
 * @throws Error if the folder exists, unless a sandbox left it behind
 */
export async function createSettingsFolder(path: string): Promise<SettingsFolder> {
  const settingsFile = resolve(path);
  const folder = dirname(settingsFile);
  await removeLeftover(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(folder, name);
  const write = (name: string, content: string) => writeFile(file(name), content, { mode: 0o600 });
  await write(PROCESS_FILE, `${process.pid}\n`);
  await write('.gitignore', '*\n');
  const [keyFile, temporalConfigFile] = [file('key'), file('temporal.toml')];
  return {
    folder,
    settingsFile,
    keyFile,
    temporalConfigFile,
    write: async ({ sandbox, temporal, key, resultsRoot }) => {
      const { env, user } = sandbox;
      await write('key', `${key}\n`);
      await write('password', `${user.password}\n`);
      const profile = temporal && { address: temporal.address, namespace: temporal.namespace };
      await write('temporal.toml', stringify({ profile: { default: profile ?? {} } }));
      const settings = {
        ...(temporal && {
          temporal: { ...profile, config_file: temporalConfigFile, profile: 'default' },
          ui: { url: temporal.uiUrl },
        }),
        encryption: { key_file: keyFile },
        worker: {
          s3_hosts: env.APLOS_UPLOAD_S3_HOSTS,
          ...(resultsRoot === undefined ? {} : { results_roots: [resultsRoot] }),
        },
        profiles: {
          default: {
            api_url: env.APLOS_API_URL,
            cognito_endpoint: env.COGNITO_ENDPOINT,
            user_name: user.userName,
            password_file: file('password'),
          },
        },
      };
      await write(UNPUBLISHED, `# Settings of a sandbox. Removed when it stops.\n\n${stringify(settings)}`);
      return file(UNPUBLISHED);
    },
    publish: () => rename(file(UNPUBLISHED), settingsFile),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function removeLeftover(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const pid = Number(await readFile(join(folder, PROCESS_FILE), 'utf8').catch(() => ''));
  if (!pid)
    throw new Error(
      `The folder ${folder} exists, and is not of a sandbox. Name a file in a new folder with --settings.`,
    );
  if (isRunning(pid))
    throw new Error(
      `A sandbox is running with the folder ${folder} (process ${pid}). Stop it, or name a file in another folder with --settings.`,
    );
  await rm(folder, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false; // in a container, every sandbox has the same ID
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
