import { homedir } from 'node:os';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { UploadError } from '../contract/errors.js';
import { shortHashOf } from '../util/sha256.js';

/**
 * Returns the default state file for a folder: in the user's XDG state directory, named after the folder's path.
 *
 * @throws UploadError `STATE_FILE_UNWRITABLE` if the user has no home directory
 */
export function defaultStateFile(folder: string, env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_STATE_HOME: xdgStateHome = '' } = env;
  const stateHome = isAbsolute(xdgStateHome) ? xdgStateHome : join(homeFolder(), '.local', 'state');
  const path = resolve(folder);
  const hash = shortHashOf(path);
  return join(stateHome, 'aplos-upload', `watch-${basename(path)}-${hash}.jsonl`);
}

function homeFolder(): string {
  try {
    return homedir();
  } catch (cause) {
    throw new UploadError('STATE_FILE_UNWRITABLE', 'The user has no home directory for the state file', {
      cause,
      action: 'Name a file with --state, or set XDG_STATE_HOME.',
    });
  }
}
