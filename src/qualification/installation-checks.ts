import { sha256OfJson } from '../records/canonical.js';
import { escapeHtml, page, table } from '../records/html.js';
import { CHECKS_PREDICATE, STATEMENT_V1, type Statement } from '../records/statement.js';
import type { ReportedSettings, Versions } from './report.js';
import { settingsTables, versionsTable } from './report-page.js';

/** A check of an installation. */
export interface InstallationCheck {
  readonly check: string;
  readonly ok: boolean;
  /** Code of the error, if the check failed. */
  readonly code?: string;
  readonly message: string;
}

/** Record of the checks of an installation. */
export interface InstallationChecks {
  readonly checksVersion: 1;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly requestedBy: string;
  readonly host: string;
  readonly passed: boolean;
  readonly versions: Versions;
  readonly checks: readonly InstallationCheck[];
  readonly settings: readonly ReportedSettings[];
}

/** Returns the statement that a record of checks makes: it is about the settings. */
export const checksStatement = (checks: InstallationChecks): Statement => ({
  _type: STATEMENT_V1,
  subject: [{ name: 'settings', digest: { sha256: sha256OfJson(checks.settings) } }],
  predicateType: CHECKS_PREDICATE,
  predicate: checks,
});

/** Returns the checks of an installation as one self-contained page for people, which prints on A4. */
export const checksPage = ({
  createdAt,
  requestedBy,
  host,
  passed,
  versions,
  checks,
  settings,
}: InstallationChecks): string =>
  page(`Checks of the installation on ${host}: ${passed ? 'passed' : 'failed'}`, [
    `<p>Written by ${escapeHtml(requestedBy)} at <time datetime="${escapeHtml(createdAt)}">${escapeHtml(createdAt)}</time>.</p>`,
    table(
      'Checks',
      ['Check', 'Result', 'What was found'],
      checks.map(({ check, ok, message }) => [check, ok ? 'passed' : 'FAILED', message]),
    ),
    versionsTable(versions),
    settingsTables(settings),
  ]);
