import { type ResultsOutcome, UploadClient, type UploadFilter } from '../../../client.js';
import { commonDirectoryOf } from '../../../contract/results-location.js';
import { hostFor } from '../../../files/host-of-files.js';
import { loadSettings } from '../../../settings/load.js';
import { count } from '../../../util/units.js';
import { filterFrom, type SelectOptions } from '../../input/filter.js';
import { idsOf } from '../../input/find-uploads.js';
import { fileHostFrom } from '../../input/jobs.js';
import { resultsTemplateFor } from '../../input/results-location.js';
import { finishBeforeExit } from '../../output/closed-output.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, formatErrorFor, MAX_LINES, printError } from '../../output/errors.js';
import { Notices } from '../../output/notices.js';
import { resultsRecord } from '../../output/records.js';
import { print, printJson } from '../../output/terminal.js';
import { readable } from '../../output/upload-names.js';

/** Options of `aplos-upload results`. */
export interface ResultsCommandOptions extends Pick<SelectOptions, 'batch' | 'since'> {
  /** Directory or URL. */
  readonly out: string;
  readonly unpack?: true;
  readonly host?: string;
  readonly json?: true;
}

/**
 * Fetches the results of the uploads that references or options select, and prints the outcome of each.
 *
 * @param references IDs, file names, paths, or URLs of the Temporal UI
 */
export async function results(references: readonly string[], options: ResultsCommandOptions): Promise<void> {
  const filter = filterFrom(options, references);
  if (!filter && references.length === 0)
    throw new BadInputError([
      'No uploads are selected. Give their names or IDs, --batch NAME or --since TIME.',
    ]);
  const settings = loadSettings(process.env, 'client');
  const template = resultsTemplateFor(options.out);
  const host = await hostFor(commonDirectoryOf(template), fileHostFrom(options, settings));
  const notices = new Notices();
  const client = await UploadClient.connect({ settings, onOutage: notices.onOutage });
  try {
    const ids = filter ? await idsMatching(client, filter) : await idsOf(client, references);
    if (ids.length === 0) throw new BadInputError(['No upload matches.']);
    const outcomes = client.results(ids, {
      results: template,
      ...(options.unpack ? { unpackResults: true } : {}),
      ...(host === undefined ? {} : { host }),
    });
    await finishBeforeExit(report(outcomes, options));
  } finally {
    await client.close();
  }
}

async function idsMatching(client: UploadClient, filter: UploadFilter): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of client.list(filter)) ids.push(workflowId);
  return ids;
}

async function report(
  outcomes: AsyncIterable<ResultsOutcome>,
  { json }: ResultsCommandOptions,
): Promise<void> {
  let fetched = 0;
  let bytes = 0;
  let failed = 0;
  for await (const outcome of outcomes) {
    const { error, package: stored } = outcome;
    if (json) printJson(resultsRecord(outcome));
    if (error) {
      failed += 1;
      process.exitCode = ExitCode.failed;
      if (!json && failed <= MAX_LINES) printError(formatErrorFor(nameOf(outcome), error));
    } else if (stored) {
      fetched += 1;
      bytes += stored.sizeBytes;
      if (!json && fetched <= MAX_LINES) print(...linesFor(outcome, stored));
    }
  }
  if (json) return;
  if (failed > MAX_LINES) printError(`… and ${count(failed - MAX_LINES, 'more failure')}`);
  if (fetched > MAX_LINES) print(`… and ${count(fetched - MAX_LINES, 'more package')}`);
  print(
    '',
    `${count(fetched, 'package')}, ${bytes.toLocaleString('en')} bytes${failed > 0 ? `; ${count(failed, 'failure')}` : ''}`,
  );
}

const nameOf = ({ workflowId, fileName = workflowId, label }: ResultsOutcome) =>
  label === undefined ? fileName : `${fileName}, ${label}`;

function linesFor(outcome: ResultsOutcome, stored: NonNullable<ResultsOutcome['package']>): string[] {
  const { location, sizeBytes, sha256, unpackedTo, inputVerified, configurationVerified } = stored;
  const unverified = [
    ...(inputVerified ? [] : ['the data file']),
    ...(configurationVerified ? [] : ['the configuration']),
  ];
  return [
    `${out.green('✓')} ${out.bold(nameOf(outcome))}  ${sizeBytes.toLocaleString('en')} bytes`,
    `    ${out.dim('package  ')} ${readable(location)}`,
    ...(unpackedTo === undefined ? [] : [`    ${out.dim('unpacked ')} ${readable(unpackedTo)}`]),
    `    ${out.dim('sha256   ')} ${sha256}`,
    ...(unverified.length > 0
      ? [`    ${out.dim('not found')} ${unverified.join(' and ')}, to compare with what was sent`]
      : []),
  ];
}
