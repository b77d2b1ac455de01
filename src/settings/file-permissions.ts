import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { shellWord } from '../util/shell-word.js';
import { invalidSettings } from './secrets.js';

const GROUP_OR_OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Checks that only root and the user of this process can change a settings file, or replace it: its commands run as this
 * user, and its URLs decide where passwords go.
 *
 * @throws UploadError `SETTINGS_INVALID` with the command that corrects the permissions
 */
export function assertOnlyOwnerCanWrite(path: string): void {
  if (process.platform === 'win32') return;
  const real = realpathSync(path);
  const name = `The settings file ${path}`;
  const file = statSync(real);
  if (!isTrusted(file))
    throw refused(`${name} belongs to another user (ID ${file.uid})`, `sudo chown root ${shellWord(real)}`);
  if (file.mode & GROUP_OR_OTHERS_WRITE)
    throw refused(
      `${name} can be changed by users other than its owner (mode ${octal(file)})`,
      `chmod go-w ${shellWord(real)}`,
    );
  for (const folder of new Set([dirname(real), dirname(path)])) {
    const stats = statSync(folder);
    // In a folder with the sticky bit, only the owner of a file can replace it.
    if (stats.mode & GROUP_OR_OTHERS_WRITE && !(stats.mode & STICKY))
      throw refused(
        `${name} can be replaced by users other than its owner, because they may write to its folder ${folder} (mode ${octal(stats)})`,
        `chmod go-w ${shellWord(folder)}`,
      );
    if (!isTrusted(stats))
      throw refused(
        `${name} can be replaced by another user (ID ${stats.uid}), the owner of its folder ${folder}`,
        `sudo chown root ${shellWord(folder)}`,
      );
  }
}

const refused = (happened: string, command: string) =>
  invalidSettings(
    `${happened}. It holds commands or accounts, so they could run programs as this user, or receive its passwords`,
    `Run: ${command}`,
  );

const isTrusted = ({ uid }: Stats) => uid === 0 || uid === process.getuid?.();
const octal = ({ mode }: Stats) => (mode & 0o7777).toString(8).padStart(4, '0');
