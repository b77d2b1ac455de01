import { createInterface } from 'node:readline/promises';
import { type ReplayFrom, type ReplayOutcome, UploadClient, type UploadFilter } from '../../../client.js';
import { count } from '../../../util/units.js';
import { userName } from '../../../util/user-name.js';
import { filterFrom, type SelectOptions } from '../../input/filter.js';
import { finishBeforeExit } from '../../output/closed-output.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, MAX_LINES } from '../../output/errors.js';
import { print, printJson } from '../../output/terminal.js';

/** Options of `aplos-upload replay`. */
export interface ReplayCommandOptions extends SelectOptions {
  readonly from?: ReplayFrom;
  /** True resumes also uploads that would fail again. Default: only if `--error` or `--from` is given. */
  readonly all?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** Resumes the failed uploads that ids or options select, and prints the outcome of each. */
export async function replay(workflowIds: readonly string[], options: ReplayCommandOptions): Promise<void> {
  const filter = filterFrom(options);
  if (filter && workflowIds.length > 0)
    throw new BadInputError(['Ids and options cannot be combined. Select uploads by one of them.']);
  if (!filter && workflowIds.length === 0)
    throw new BadInputError([
      'No uploads are selected. Give their ids, --batch NAME, --failed, --since TIME or --error CODE.',
    ]);
  const client = await UploadClient.connect();
  try {
    const selected = filter ? await listFailed(client, filter) : workflowIds;
    if (selected.length === 0) printText(options, 'Nothing to resume: no failed upload matches.');
    else if (!filter || options.dryRun || options.yes || (await confirm(selected.length)))
      await finishBeforeExit(replayEach(client, selected, options));
    else print('Nothing was resumed.');
  } finally {
    await client.close();
  }
}

async function listFailed(client: UploadClient, filter: UploadFilter): Promise<string[]> {
  const workflowIds = [];
  for await (const { workflowId } of client.list({ ...filter, state: 'failed' }))
    workflowIds.push(workflowId);
  return workflowIds;
}

async function confirm(number: number): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new BadInputError([
      `${count(number, 'failed upload')} would be resumed. Add --yes to resume, or --dry-run to list them.`,
    ]);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const reply = await terminal.question(
    `Resume ${count(number, 'failed upload')}? Stored files are not sent again, and no execution is started twice. [y/N] `,
  );
  terminal.close();
  return /^y(es)?$/i.test(reply.trim());
}

async function replayEach(
  client: UploadClient,
  workflowIds: readonly string[],
  options: ReplayCommandOptions,
): Promise<void> {
  const tally = new Map<string, number>();
  let resumed = 0;
  const { from, error, dryRun = false, json } = options;
  const all = options.all ?? (error !== undefined || from !== undefined);
  for await (const outcome of client.replay(workflowIds, {
    from,
    all,
    dryRun,
    requestedBy: userName(),
  })) {
    const text = outcomeText(outcome);
    tally.set(text, (tally.get(text) ?? 0) + 1);
    if (outcome.state === 'resumed') resumed++;
    if (json) printJson(outcome);
    else if (workflowIds.length <= MAX_LINES) print(`${nameOf(outcome)}: ${text}`);
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

const nameOf = ({ fileName, workflowId }: ReplayOutcome) => out.bold(fileName ?? workflowId);

function printText({ json }: ReplayCommandOptions, ...lines: string[]): void {
  if (!json) print(...lines);
}
