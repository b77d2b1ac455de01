import {
  checksPage,
  checksStatement,
  type InstallationChecks,
} from '../../../qualification/installation-checks.js';
import type { Versions } from '../../../qualification/report.js';
import type { SigningKey } from '../../../records/keys.js';
import { record, writeRecord } from '../../../records/receipt-file.js';
import { signatureText } from '../../output/signature-text.js';
import { printToStderr } from '../../output/terminal.js';
import { reportedSettings, writerOf } from '../qualify/installation.js';
import type { Checklist } from './checklist.js';

/** Writes what was checked to a file as a record, and next to it as a page. */
export async function writeChecks(
  path: string,
  { checks }: Checklist,
  versions: Versions,
  key: SigningKey | undefined,
): Promise<void> {
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
