import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UploadError } from '../../../contract/errors.js';
import { defaultSettingsPath } from '../../../settings/file.js';
import { systemErrorCode } from '../../../util/system-error.js';
import { BadInputError } from '../../output/errors.js';

const PRIVATE = 0o600;

/**
 * Returns the path of the settings file to write: that of `--settings`, of `APLOS_UPLOAD_SETTINGS`, or the default one, which
 * every command reads.
 *
 * @throws BadInputError if it exists, unless it may be replaced
 */
export function settingsPath(given: string | undefined, { force }: { readonly force?: true }): string {
  const path = given ?? process.env.APLOS_UPLOAD_SETTINGS ?? defaultSettingsPath(process.env);
  if (path === undefined)
    throw new BadInputError(['HOME is not set. Name the file to write with --settings FILE.']);
  if (existsSync(path) && !force)
    throw new BadInputError([
      `${path} exists. Edit it, name another file with --settings FILE, or add --force to replace it.`,
    ]);
  return resolve(path);
}

/** Writes a file that only its owner can read, and creates its folder. Replaces an existing file. */
export async function writePrivate(path: string, content: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, content, { mode: PRIVATE });
    await chmod(path, PRIVATE); // of a file that existed
  } catch (cause) {
    throw new UploadError('SETTINGS_INVALID', `Cannot write ${path} (${systemErrorCode(cause)})`, {
      cause,
      action: 'Name a file that this user can write, with --settings FILE.',
    });
  }
}

/**
 * Creates an encryption key next to the settings file, or returns the one that is there: replacing it would make histories
 * unreadable.
 */
export async function createEncryptionKey(settingsFile: string): Promise<{ path: string; isNew: boolean }> {
  const path = join(dirname(settingsFile), 'encryption-key');
  if (existsSync(path)) return { path, isNew: false };
  const id = new Date().toISOString().slice(0, 7);
  await writePrivate(path, `${id}:${randomBytes(32).toString('base64')}\n`);
  return { path, isNew: true };
}

/** Returns the file for the password of a profile, next to the settings file. */
export const passwordFile = (settingsFile: string, profile: string): string =>
  join(dirname(settingsFile), `password-${profile.replace(/[^\w.-]/g, '_')}`);
