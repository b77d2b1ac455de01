import { whyFolderIsUnwritable } from '../archive/folder-archive.js';
import { UploadError } from '../contract/errors.js';
import type { Settings } from '../settings/settings.js';
import { quote } from '../util/quote.js';

/**
 * Checks that records can be written to the directory of the settings, so that a mistake is found when the worker starts, not when an
 * upload ends. A bucket is not checked: S3 may be unavailable at this moment.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export async function assertRecordsCanBeWritten({ records }: Pick<Settings, 'records'>): Promise<void> {
  if (!records || !('path' in records)) return;
  const reason = await whyFolderIsUnwritable(records.path);
  if (reason === undefined) return;
  throw new UploadError(
    'SETTINGS_INVALID',
    `APLOS_UPLOAD_RECORDS names ${quote(records.path)}, and no records can be written there (${reason})`,
    { action: 'Create or mount the directory, and let the user of the worker write to it.' },
  );
}

/** Returns the line with which a worker logs where it writes records. `undefined` if it writes none. */
export const recordsText = ({ records, signingKey }: Pick<Settings, 'records' | 'signingKey'>) =>
  records &&
  `Records are written to ${records.text}, ${signingKey ? `signed with the key ${signingKey.keyId}` : 'not signed, because APLOS_UPLOAD_SIGNING_KEY_FILE is not set'}`;
