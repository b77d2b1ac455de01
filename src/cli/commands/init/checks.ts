import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AplosAccounts } from '../../../aplos/accounts.js';
import { UploadError } from '../../../contract/errors.js';
import { isBucketName } from '../../../http/aws.js';
import { createDispatcher } from '../../../http/dispatcher.js';
import { bucketIn } from '../../../s3/hosts.js';
import { loadSettings } from '../../../settings/load.js';
import { environmentWithFile } from '../../../settings/named-file.js';
import type { Reader } from '../../../settings/setting.js';
import type { Settings } from '../../../settings/settings.js';
import { connectToNamespace } from '../../../temporal/connect-to-namespace.js';
import { assertEncryptionDecided, temporalTarget } from '../../../temporal/connection.js';
import { systemErrorCode } from '../../../util/system-error.js';
import { subscriptionText } from '../doctor/subscription.js';
import type { Answers } from './answers.js';
import { settingsToml } from './toml.js';

/** Result of a check: what was found, for people. */
export interface Checked {
  readonly name: string;
  readonly text: string;
}

/** File that is asked for in a presign, which uploads nothing. */
const PROBE_NAME = 'aplos-upload-init.csv';

/**
 * Loads the settings that answers lead to, as every command will load them.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
async function settingsFor(answers: Answers, reader: Reader): Promise<Settings> {
  const folder = await mkdtemp(join(tmpdir(), 'aplos-upload-init-'));
  try {
    const path = join(folder, 'settings.toml');
    await writeFile(path, settingsToml(answers, ''), { mode: 0o600 });
    return loadSettings(environmentWithFile(path, process.env), reader);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Connects to Temporal, and checks that the namespace exists.
 *
 * @throws UploadError for what is wrong
 */
export async function checkTemporal(answers: Answers): Promise<Checked> {
  const target = temporalTarget(await settingsFor(answers, 'client'));
  await (await connectToNamespace(target)).close();
  return { name: 'Temporal', text: `${target.address}, namespace ${target.namespace}` };
}

/** Reports whether Temporal is on this machine, so that payloads need not be encrypted. */
export async function needsEncryption(answers: Answers): Promise<boolean> {
  const settings = await settingsFor({ temporal: answers.temporal }, 'client');
  try {
    assertEncryptionDecided({ mode: 'unset' }, temporalTarget(settings));
    return false;
  } catch {
    return true;
  }
}

/**
 * Logs in to Aplos and requests a presigned POST, which is free of charge. Nothing is uploaded.
 *
 * @returns also the bucket to which Aplos uploads
 * @throws UploadError for what is wrong
 */
export async function checkAccount(answers: Answers): Promise<Checked & { readonly bucket?: string }> {
  const { profiles, extraCa } = await settingsFor(answers, 'worker');
  const name = answers.account?.profile ?? 'default';
  const dispatcher = createDispatcher(extraCa);
  try {
    const accounts = new AplosAccounts(profiles, dispatcher);
    const api = accounts.api(name);
    const { presigned } = await api.presignUpload(PROBE_NAME);
    const text = subscriptionText(
      await api.version(),
      await accounts.tenantId(name),
      await api.subscription(),
    );
    const bucket = URL.canParse(presigned.url) ? bucketIn(new URL(presigned.url)) : '';
    return { name: `Account "${name}"`, text, ...(isBucketName(bucket) ? { bucket } : {}) };
  } finally {
    await dispatcher.destroy();
  }
}

/**
 * Checks that folders exist.
 *
 * @returns absolute paths
 * @throws UploadError `SETTINGS_INVALID` naming the first path that is not a folder
 */
export async function checkFolders(paths: readonly string[]): Promise<string[]> {
  const folders = paths.map((path) => resolve(path));
  for (const path of folders) {
    const problem = await stat(path).then(
      (stats) => (stats.isDirectory() ? undefined : 'is not a folder'),
      (error: unknown) => `cannot be read (${systemErrorCode(error)})`,
    );
    if (problem !== undefined)
      throw new UploadError('SETTINGS_INVALID', `${path} ${problem}`, {
        action: 'Name a folder that exists on this machine.',
      });
    if (path.includes(':'))
      throw new UploadError('SETTINGS_INVALID', `${path} contains a colon, which separates folders`, {
        action: 'Name a folder without a colon.',
      });
  }
  return folders;
}
