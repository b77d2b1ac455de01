import { createInterface } from 'node:readline/promises';
import { type ReplayFrom, type ReplayOutcome, UploadClient, type UploadFilter } from '../../../client.js';
import { count } from '../../../util/units.js';
import { filterFrom, type SelectOptions } from '../../input/filter.js';
import { userName } from '../../input/jobs.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, MAX_LINES } from '../../output/errors.js';
import { describeStep } from '../../output/status-text.js';

/** Options of `aplos-upload replay`. */
export interface ReplayCommandOptions extends SelectOptions {
  readonly from?: ReplayFrom;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** `aplos-upload replay` */
export async function replay(workflowIds: string[], options: ReplayCommandOptions): Promise<void> {
  const filter = filterFrom(options);
  if (filter && workflowIds.length > 0)
    throw new BadInputError(['Name uploads by their ids or by options, not both']);
  if (!filter && workflowIds.length === 0)
    throw new BadInputError([
      'Say which uploads: their ids, --batch NAME, or --failed (with --since 2h or --error CODE)',
    ]);
  const client = await UploadClient.connect();
  try {
    const selected = filter ? await failedOnes(client, filter) : workflowIds;
    if (selected.length === 0) say(options, 'Nothing to take up: no such upload has failed.');
    else if (!filter || options.dryRun || options.yes || (await isAgreedTo(selected.length)))
      await replayEach(client, selected, options);
    else console.log('Nothing was taken up.');
  } finally {
    await client.close();
  }
}

async function failedOnes(client: UploadClient, filter: UploadFilter): Promise<string[]> {
  const workflowIds = [];
  for await (const { workflowId } of client.list({ ...filter, state: 'failed' }))
    workflowIds.push(workflowId);
  return workflowIds;
}

async function isAgreedTo(howMany: number): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new BadInputError([
      `This would take up ${count(howMany, 'upload')}. Add --yes to do it, or --dry-run to see which`,
    ]);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(
    `Take up ${count(howMany, 'failed upload')}? What is stored is not sent again, and no execution is started twice. [y/N] `,
  );
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function replayEach(
  client: UploadClient,
  workflowIds: readonly string[],
  options: ReplayCommandOptions,
): Promise<void> {
  const tally = new Map<string, number>();
  let taken = 0;
  const { from, dryRun = false, json } = options;
  for await (const outcome of client.replay(workflowIds, {
    from,
    dryRun,
    requestedBy: userName(),
  })) {
    const what = inWords(outcome);
    tally.set(what, (tally.get(what) ?? 0) + 1);
    if (outcome.state === 'resumed') taken++;
    if (json) console.log(JSON.stringify(outcome));
    else if (workflowIds.length <= MAX_LINES) console.log(`${nameOf(outcome)}: ${what}`);
    if (outcome.state === 'skipped' && outcome.reason !== 'done' && outcome.reason !== 'running')
      process.exitCode = ExitCode.failed;
  }
  if (workflowIds.length > MAX_LINES)
    for (const [what, howMany] of tally) say(options, `${count(howMany, 'upload')} ${what}`);
  if (dryRun) say(options, '\nNothing was taken up.');
  else if (taken > 0)
    say(options, '\nThey go on without this command. To watch: aplos-upload status --watch');
}

function inWords(outcome: ReplayOutcome): string {
  if (outcome.state === 'skipped') return `left alone, as ${outcome.why}`;
  const taken = outcome.state === 'resumed' ? 'taken up' : 'would be taken up';
  const after = outcome.errorCode ? ` after ${outcome.errorCode}` : '';
  return `${out.green(taken)}${after}, from ${describeStep(outcome.from)} on`;
}

const nameOf = ({ fileName, workflowId }: ReplayOutcome) => out.bold(fileName ?? workflowId);

function say({ json }: ReplayCommandOptions, line: string): void {
  if (!json) console.log(line);
}
