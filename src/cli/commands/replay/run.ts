import {
  type ReplayFrom,
  type ReplayOutcome,
  UploadClient,
  type UploadFilter,
  type UploadSummary,
} from '../../../client.js';
import { isErrorCode, isReplayable } from '../../../contract/errors.js';
import { increment } from '../../../util/tally.js';
import { count } from '../../../util/units.js';
import { userName } from '../../../util/user-name.js';
import { confirmed } from '../../input/confirm.js';
import { filterFrom, type SelectOptions } from '../../input/filter.js';
import { idOfEach } from '../../input/find-uploads.js';
import { finishBeforeExit } from '../../output/closed-output.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, MAX_LINES } from '../../output/errors.js';
import { listThatFits, roomOf } from '../../output/fit.js';
import { replayRecord } from '../../output/records.js';
import { print, printJson } from '../../output/terminal.js';
import { namesOf } from '../../output/upload-names.js';

/** Names that are looked up for one error: more than fit into a line. */
const NAMES_OF_GROUP = 12;

/** Options of `aplos-upload replay`. */
export interface ReplayCommandOptions extends SelectOptions {
  readonly from?: ReplayFrom;
  /** True resumes also uploads that would fail again. Default: only if `--error` or `--from` is given. */
  readonly all?: true;
  readonly dryRun?: true;
  /** Reason for the records. Default: none */
  readonly reason?: string;
  readonly yes?: true;
  /** Largest number of uploads to resume. Default: all */
  readonly limit?: number;
  readonly json?: true;
}

/**
 * Resumes the failed uploads that references or options select, and prints the outcome of each.
 *
 * @param references ids, file names, paths, or URLs of the Temporal UI
 */
export async function replay(references: readonly string[], options: ReplayCommandOptions): Promise<void> {
  const filter = filterFrom(options, references);
  if (!filter && references.length === 0)
    throw new BadInputError([
      'No uploads are selected. Give their names or ids, --batch NAME, --failed, --since TIME or --error CODE.',
    ]);
  const client = await UploadClient.connect();
  try {
    if (!filter) {
      const ids = (await idOfEach(client, references, hasFailed)).slice(0, options.limit);
      return await finishBeforeExit(replayEach(client, ids, new Map(), options));
    }
    const failed = await listFailed(client, filter, options);
    if (failed.length === 0) return printText(options, 'Nothing to resume: no failed upload matches.');
    const wouldResume = (upload: UploadSummary) => isResumed(upload, options);
    const asks = !options.dryRun && !options.yes && failed.some(wouldResume);
    if (
      asks &&
      !(await confirm(
        client,
        failed.filter(wouldResume),
        failed.filter((each) => !wouldResume(each)),
      ))
    )
      return print('Nothing was resumed.');
    const names = failed.length <= MAX_LINES ? await namesOf(client, failed) : [];
    const ids = failed.map(({ workflowId }) => workflowId);
    const nameOf = new Map(names.map((name, index) => [ids[index] ?? '', name]));
    await finishBeforeExit(replayEach(client, ids, nameOf, options));
  } finally {
    await client.close();
  }
}

const resumesAll = ({ all, error, from }: ReplayCommandOptions): boolean =>
  all ?? (error !== undefined || from !== undefined);

/** Returns the failed uploads. With a limit, only those that would be resumed count. */
async function listFailed(
  client: UploadClient,
  filter: UploadFilter,
  { limit = Number.POSITIVE_INFINITY, ...options }: ReplayCommandOptions,
): Promise<UploadSummary[]> {
  const uploads = [];
  for await (const upload of client.list({ ...filter, state: 'failed' })) {
    if (Number.isFinite(limit) && !isResumed(upload, options)) continue;
    uploads.push(upload);
    if (uploads.length >= limit) break;
  }
  return uploads;
}

const isResumed = ({ errorCode }: UploadSummary, options: ReplayCommandOptions): boolean =>
  resumesAll(options) || !isErrorCode(errorCode) || isReplayable(errorCode);

/** A file name stands for its upload that ended without a receipt. */
const hasFailed = ({ state }: UploadSummary): boolean => state !== 'done' && state !== 'running';

/** Names what would be resumed and what not, and asks whether to do it. */
async function confirm(
  client: UploadClient,
  resumed: readonly UploadSummary[],
  skipped: readonly UploadSummary[],
): Promise<boolean> {
  const number = count(resumed.length, 'failed upload');
  const lines = [
    ...(await linesByError(client, resumed)),
    ...(skipped.length > 0
      ? [
          `Skipped, because a replay would fail again or a person must check first (--all resumes them too):`,
          ...(await linesByError(client, skipped)),
        ]
      : []),
  ];
  return confirmed(
    `Resume ${number}? Stored files are not sent again, and no execution is started twice.`,
    `${number} would be resumed. Add --yes to resume, or --dry-run to list them.`,
    lines,
  );
}

/** Returns a line for each error, with the names of as many of its files as fit. */
async function linesByError(client: UploadClient, uploads: readonly UploadSummary[]): Promise<string[]> {
  const groups = new Map<string, UploadSummary[]>();
  for (const upload of uploads) {
    const code = upload.errorCode ?? 'no code';
    groups.set(code, [...(groups.get(code) ?? []), upload]);
  }
  const { columns } = roomOf(process.stderr);
  return Promise.all(
    [...groups].map(async ([code, group]) => {
      const { length: total } = group;
      const head = `  ${total.toLocaleString('en')} ${code}: `;
      const names = await namesOf(client, group.slice(0, NAMES_OF_GROUP));
      return head + listThatFits(names, total, columns - head.length);
    }),
  );
}

async function replayEach(
  client: UploadClient,
  workflowIds: readonly string[],
  names: ReadonlyMap<string, string>,
  options: ReplayCommandOptions,
): Promise<void> {
  const tally = new Map<string, number>();
  let resumed = 0;
  const { from, dryRun = false, reason, json } = options;
  for await (const outcome of client.replay(workflowIds, {
    from,
    all: resumesAll(options),
    dryRun,
    requestedBy: userName(),
    ...(reason === undefined ? {} : { reason }),
  })) {
    const text = outcomeText(outcome);
    increment(tally, text);
    if (outcome.state === 'resumed') resumed++;
    if (json) printJson(replayRecord(outcome));
    else if (workflowIds.length <= MAX_LINES)
      print(`${out.bold(names.get(outcome.workflowId) ?? outcome.fileName ?? outcome.workflowId)}: ${text}`);
    if (outcome.state === 'skipped' && outcome.reason !== 'done' && outcome.reason !== 'running')
      process.exitCode = ExitCode.failed;
  }
  if (workflowIds.length > MAX_LINES)
    for (const [text, number] of tally) printText(options, `${count(number, 'upload')}: ${text}`);
  if (dryRun) printText(options, '', 'Nothing was resumed.');
  else if (resumed > 0)
    printText(
      options,
      '',
      'The uploads continue in the background. To see their status: aplos-upload status --watch',
    );
}

function outcomeText(outcome: ReplayOutcome): string {
  if (outcome.state === 'skipped') return `skipped, because ${outcome.explanation}`;
  const verb = outcome.state === 'resumed' ? 'resumed' : 'would be resumed';
  const cause = outcome.errorCode ? ` after ${outcome.errorCode}` : '';
  return `${out.green(verb)} at ${outcome.from}${cause}`;
}

function printText({ json }: ReplayCommandOptions, ...lines: string[]): void {
  if (!json) print(...lines);
}
