import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFileJob, createFileJob, executionFromFile, type FileJob } from '../../../client/file-job.js';
import { UploadClient } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import {
  CASE_FILES,
  InvalidCasesError,
  type QualificationCase,
  readCases,
} from '../../../qualification/cases.js';
import {
  type CaseOutcome,
  type QualificationReport,
  qualificationReport,
  qualificationStatement,
} from '../../../qualification/report.js';
import { qualificationPage } from '../../../qualification/report-page.js';
import type { SigningKey } from '../../../records/keys.js';
import { record, writeRecord } from '../../../records/receipt-file.js';
import { reportFileName } from '../../../records/record-names.js';
import { loadSettings } from '../../../settings/load.js';
import type { Settings } from '../../../settings/settings.js';
import { connectToNamespace } from '../../../temporal/connect-to-namespace.js';
import { temporalTarget } from '../../../temporal/connection.js';
import { quote } from '../../../util/quote.js';
import { fileHostFrom, withReason } from '../../input/jobs.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode } from '../../output/errors.js';
import { Notices } from '../../output/notices.js';
import { caseLines, summaryOf } from '../../output/qualification-text.js';
import { signatureText } from '../../output/signature-text.js';
import { print, printJson, printToStderr } from '../../output/terminal.js';
import { checkAllocation } from '../upload/allocation.js';
import { dryRun } from '../upload/dry-run.js';
import { printPreview, readOnce } from '../upload/preview.js';
import { reportedSettings, versionsOf, writerOf } from './installation.js';
import { packagesUrl, type QualifyOptions } from './options.js';
import { runCases } from './run-cases.js';

/** Runs cases through this installation, and writes a report. The exit code is 1 unless all of them pass. */
export async function qualify(folder: string, options: QualifyOptions): Promise<void> {
  const cases = await readCases(folder).catch((error: unknown) => {
    throw error instanceof InvalidCasesError ? new BadInputError(error.problems) : error;
  });
  assertHaveColumns(cases, options.key ?? []);
  const settings = loadSettings(process.env, 'client');
  const writer = writerOf();
  const batch = `qualification-${writer.createdAt.replaceAll(/[-:]/g, '')}`;
  const jobs = await Promise.all(cases.map((each) => jobFor(each, batch, options, settings)));
  if (!options.dryRun) await createFolder(options.out);
  const notices = new Notices();
  const client = await UploadClient.connect({ settings, onOutage: notices.onOutage });
  try {
    if (options.dryRun) return await dryRun(client, jobs, { ...options, batch }, notices);
    const read = readOnce();
    const previews = await printPreview(client, jobs, read);
    const allocationOptions = {
      profile: options.profile,
      batch,
      ...(options.yes ? { yes: options.yes } : {}),
    };
    await checkAllocation(client, jobs, allocationOptions, async () => previews);
    const outcomes = await runCases(client, { cases, jobs, read }, options, {
      notices,
      signingKey: settings.signingKey,
    });
    const report = qualificationReport(outcomes, {
      batch,
      ...writer,
      versions: await versionsIn(settings),
      rules: { tolerancePercent: options.tolerance, text: options.text, ignore: options.ignore ?? [] },
      settings: reportedSettings('client'),
    });
    await writeReport(report, outcomes, options, settings.signingKey);
    if (!report.passed) process.exitCode = ExitCode.failed;
  } finally {
    await client.close();
  }
}

/** A misspelt column would identify no row, and let rows be compared in order. */
function assertHaveColumns(cases: readonly QualificationCase[], columns: readonly string[]): void {
  const problems = cases.flatMap(({ name, expected }) =>
    columns
      .filter((column) => !expected.columns.includes(column))
      .map(
        (column) =>
          `Case ${quote(name)}: ${CASE_FILES.expected} has no column ${quote(column)}, which --key names.`,
      ),
  );
  if (problems.length > 0) throw new BadInputError(problems);
}

/** Returns the job of a case. The name of the case tells its file from the others at Aplos and in Temporal. */
async function jobFor(
  { name, fileName, inputPath, sections }: QualificationCase,
  batch: string,
  { profile, again, host, timeout, out: folder }: QualifyOptions,
  settings: Settings,
): Promise<FileJob> {
  const executions = withReason(
    [executionFromFile(name, sections, undefined)],
    again === undefined ? {} : { again },
  );
  const job = createFileJob(inputPath, executions, {
    profile,
    batch,
    until: 'completed',
    ...(timeout === undefined ? {} : { completionTimeoutSeconds: Math.ceil(timeout / 1000) }),
    results: `${packagesUrl(folder)}/{fileName}/{executionId}.zip`,
  });
  const named = { ...job, request: { ...job.request, fileName } };
  return checkFileJob(named, fileHostFrom(host === undefined ? {} : { host }, settings));
}

/** The folder must be there before anything is paid. */
async function createFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: Error) => {
    throw new UploadError('RECORD_UNWRITABLE', `Cannot create ${path}: ${error.message}`);
  });
}

async function versionsIn(settings: Settings) {
  const target = temporalTarget(settings);
  const connection = await connectToNamespace(target);
  try {
    return await versionsOf(connection, target.namespace);
  } finally {
    await connection.close();
  }
}

async function writeReport(
  report: QualificationReport,
  outcomes: readonly CaseOutcome[],
  { out: folder, json: printsJson }: QualifyOptions,
  key: SigningKey | undefined,
): Promise<void> {
  const json = join(folder, reportFileName(report.batch, 'json'));
  const html = join(folder, reportFileName(report.batch, 'html'));
  await writeRecord(json, record(qualificationStatement(report), key));
  await writeRecord(html, qualificationPage(report));
  if (printsJson) return printJson(report);
  print(...outcomes.flatMap(caseLines), ...[html, json].map((path) => `${out.green('✓')} ${path}`));
  printToStderr(...summaryOf(report), signatureText(key));
}
