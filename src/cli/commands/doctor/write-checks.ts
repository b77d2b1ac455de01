import { UploadError } from '../../../contract/errors.js';
import {
  checksPage,
  checksStatement,
  type InstallationChecks,
} from '../../../qualification/installation-checks.js';
import type { Versions } from '../../../qualification/report.js';
import type { SigningKey } from '../../../records/keys.js';
import { record, writeRecord } from '../../../records/receipt-file.js';
import { loadSettings } from '../../../settings/load.js';
import { signatureText } from '../../output/signature-text.js';
import { printToStderr } from '../../output/terminal.js';
import { reportedSettings, writerOf } from '../qualify/installation.js';
import type { Checklist } from './checklist.js';

/** Writes what was checked to a file as a record, and next to it as a page. */
export async function writeChecks(path: string, { checks }: Checklist, versions: Versions): Promise<void> {
  const key = signingKey();
  const found: InstallationChecks = {
    checksVersion: 1,
    ...writerOf(),
    passed: checks.every(({ ok }) => ok),
    versions,
    checks,
    settings: reportedSettings('worker'),
  };
  const html = `${path.replace(/\.(json|html)$/, '')}.html`;
  const json = path === html ? `${html.slice(0, -'.html'.length)}.json` : path;
  await writeRecord(json, record(checksStatement(found), key));
  await writeRecord(html, checksPage(found));
  printToStderr(`The checks are in ${json} and ${html}. ${signatureText(key)}`);
}

/** Returns the key that signs on this machine, unless the settings are invalid: the checks say so. */
function signingKey(): SigningKey | undefined {
  try {
    return loadSettings(process.env, 'client').signingKey;
  } catch (error) {
    if (error instanceof UploadError) return undefined;
    throw error;
  }
}
