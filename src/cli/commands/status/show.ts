import { setTimeout as sleep } from 'node:timers/promises';
import logUpdate from 'log-update';
import { pMapIterable } from 'p-map';
import { UploadClient, type UploadFilter, type UploadStatus, type UploadSummary } from '../../../client.js';
import { count, counts } from '../../../util/units.js';
import { filterFrom, type SelectOptions } from '../../input/filter.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, printError } from '../../output/errors.js';
import { statusLines } from '../../output/status-text.js';

/** Options of `aplos-upload status`. */
export interface StatusOptions extends SelectOptions {
  readonly watch?: true;
  readonly json?: true;
}

/** So many uploads are shown; more are counted. */
const MAX_ROWS = 40;
const CALLS_AT_ONCE = 20;
const WATCH_EVERY_MS = 2000;
/** What is shown when nothing is named. */
const LATELY: SelectOptions = { since: '24h' };

/** Prints the status of the uploads that ids or options select. */
export async function showStatus(workflowIds: string[], options: StatusOptions): Promise<void> {
  const filter = filterFrom(options);
  if (filter && workflowIds.length > 0)
    throw new BadInputError(['Name uploads by their ids or by options, not both']);
  if (options.watch && options.json) throw new BadInputError(['--watch and --json exclude each other']);
  const client = await UploadClient.connect();
  try {
    const look = () =>
      workflowIds.length > 0
        ? byIds(client, workflowIds)
        : byFilter(client, filter ?? filterFrom(LATELY) ?? {}, filter ? '' : ' of the last 24 hours');
    if (options.json) await printJson(client, workflowIds, filter ?? filterFrom(LATELY) ?? {});
    else if (options.watch) await watch(look);
    else print(await look());
  } finally {
    await client.close();
  }
}

/** What is shown at a time. */
interface View {
  readonly lines: readonly string[];
  readonly unknown: readonly string[];
  readonly running: number;
}

async function byIds(client: UploadClient, workflowIds: readonly string[]): Promise<View> {
  const found: UploadStatus[] = [];
  const unknown: string[] = [];
  const looks = pMapIterable(workflowIds, async (id) => ({ id, status: await client.status(id) }), {
    concurrency: CALLS_AT_ONCE,
  });
  for await (const { id, status } of looks) {
    if (status) found.push(status);
    else unknown.push(id);
  }
  return {
    lines: found.length > 0 ? statusLines(found) : [],
    unknown,
    running: found.filter(({ state }) => state === 'running').length,
  };
}

async function byFilter(client: UploadClient, filter: UploadFilter, which: string): Promise<View> {
  const tally = new Map<string, number>();
  const shown = new MostTelling();
  for await (const upload of client.list(filter)) {
    tally.set(upload.state, (tally.get(upload.state) ?? 0) + 1);
    shown.add(upload);
  }
  const total = [...tally.values()].reduce((sum, howMany) => sum + howMany, 0);
  if (total === 0) return { lines: [`No upload${which}.`], unknown: [], running: 0 };
  const rows: UploadStatus[] = [];
  const details = pMapIterable(shown.uploads, (each) => detailsOf(client, each), {
    concurrency: CALLS_AT_ONCE,
  });
  for await (const each of details) rows.push(each);
  const rest = total - rows.length;
  return {
    lines: [
      `${out.bold(count(total, 'upload'))}${which}: ${counts(tally)}`,
      '',
      ...statusLines(rows),
      ...(rest > 0 ? ['', `… and ${rest.toLocaleString('en')} more. All of them: --json`] : []),
    ],
    unknown: [],
    running: tally.get('running') ?? 0,
  };
}

/** Of what is done, the list tells all. */
async function detailsOf(client: UploadClient, upload: UploadSummary): Promise<UploadStatus> {
  const status = upload.state === 'done' ? undefined : await client.status(upload.workflowId);
  return status ?? { ...upload, pending: [] };
}

/** What failed comes first, then what has been running longest, then what ended last. */
class MostTelling {
  readonly #failed: UploadSummary[] = [];
  readonly #running: UploadSummary[] = [];
  readonly #ended: UploadSummary[] = [];

  add(upload: UploadSummary): void {
    if (upload.state === 'running') {
      this.#running.push(upload); // listed from the newest to the oldest
      if (this.#running.length > MAX_ROWS) this.#running.shift();
      return;
    }
    const row = upload.state === 'done' ? this.#ended : this.#failed;
    if (row.length < MAX_ROWS) row.push(upload);
  }

  get uploads(): UploadSummary[] {
    const failed = this.#failed.slice(0, MAX_ROWS / 2);
    const running = [...this.#running].reverse();
    return [...failed, ...running, ...this.#ended].slice(0, MAX_ROWS);
  }
}

function print({ lines, unknown }: View): void {
  if (lines.length > 0) console.log(lines.join('\n'));
  for (const id of unknown)
    printError(
      `${id}: Temporal knows no such upload, or no longer. \`aplos-upload status\` lists those of the last 24 hours.`,
    );
  if (unknown.length > 0) process.exitCode = ExitCode.failed;
}

/** Until nothing is running any more. Without a terminal, only what has changed is written. */
async function watch(look: () => Promise<View>): Promise<void> {
  let written = '';
  while (true) {
    const view = await look();
    const text = view.lines.join('\n');
    if (process.stdout.isTTY) logUpdate(text);
    else if (text !== written) console.log(text);
    written = text;
    if (view.running === 0) return;
    await sleep(WATCH_EVERY_MS);
  }
}

async function printJson(
  client: UploadClient,
  workflowIds: readonly string[],
  filter: UploadFilter,
): Promise<void> {
  if (workflowIds.length === 0) {
    const details = pMapIterable(client.list(filter), (each) => detailsOf(client, each), {
      concurrency: CALLS_AT_ONCE,
    });
    for await (const each of details) console.log(JSON.stringify(each));
    return;
  }
  const unknown: string[] = [];
  for (const id of workflowIds) {
    const found = await client.status(id);
    if (found) console.log(JSON.stringify(found));
    else unknown.push(id);
  }
  print({ lines: [], unknown, running: 0 });
}
