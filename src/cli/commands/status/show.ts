import { setTimeout as sleep } from 'node:timers/promises';
import logUpdate from 'log-update';
import { pMapIterable } from 'p-map';
import {
  type Outage,
  UploadClient,
  type UploadFilter,
  type UploadStatus,
  type UploadSummary,
} from '../../../client.js';
import { count, counts } from '../../../util/units.js';
import { filterFrom, type SelectOptions } from '../../input/filter.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, printError } from '../../output/errors.js';
import { Notices, outageText } from '../../output/notices.js';
import { statusLines } from '../../output/status-text.js';
import { print, printJson, renderLine } from '../../output/terminal.js';
import { MAX_ROWS, RowSelection } from './rows.js';

/** Options of `aplos-upload status`. */
export interface StatusOptions extends SelectOptions {
  readonly watch?: true;
  readonly json?: true;
}

const CONCURRENCY = 20;
const REFRESH_MS = 2000;
/** Uploads to show if neither ids nor options select any. */
const DEFAULT_SELECTION: SelectOptions = { since: '24h' };

/** Prints the status of the uploads that ids or options select. */
export async function showStatus(workflowIds: readonly string[], options: StatusOptions): Promise<void> {
  const selected = filterFrom(options);
  if (selected && workflowIds.length > 0)
    throw new BadInputError(['Ids and options cannot be combined. Select uploads by one of them.']);
  if (options.watch && options.json)
    throw new BadInputError(['--watch and --json cannot be combined. Use one of them.']);
  const filter = selected ?? filterFrom(DEFAULT_SELECTION) ?? {};
  const watched = new WatchedOutage();
  const client = await UploadClient.connect({ onOutage: (outage) => watched.update(outage) });
  try {
    const read = () =>
      workflowIds.length > 0
        ? readByIds(client, workflowIds)
        : readByFilter(client, filter, selected ? '' : ' in the last 24 hours');
    if (options.json) await printAll(client, workflowIds, filter);
    else if (options.watch) await refresh(() => client.whenAvailable(read), watched);
    else printSnapshot(await read());
  } finally {
    await client.close();
  }
}

/** Status of the selected uploads at one moment. */
interface Snapshot {
  readonly lines: readonly string[];
  /** Ids that Temporal does not know. */
  readonly unknownIds: readonly string[];
  /** Number of running uploads. */
  readonly running: number;
}

async function readByIds(client: UploadClient, workflowIds: readonly string[]): Promise<Snapshot> {
  const found: UploadStatus[] = [];
  const unknownIds: string[] = [];
  const results = pMapIterable(workflowIds, async (id) => ({ id, status: await client.status(id) }), {
    concurrency: CONCURRENCY,
  });
  for await (const { id, status } of results) {
    if (status) found.push(status);
    else unknownIds.push(id);
  }
  return {
    lines: found.length > 0 ? statusLines(found) : [],
    unknownIds,
    running: found.filter(({ state }) => state === 'running').length,
  };
}

async function readByFilter(client: UploadClient, filter: UploadFilter, period: string): Promise<Snapshot> {
  const tally = new Map<string, number>();
  const selection = new RowSelection();
  for await (const upload of client.list(filter)) {
    tally.set(upload.state, (tally.get(upload.state) ?? 0) + 1);
    selection.add(upload);
  }
  const total = [...tally.values()].reduce((sum, number) => sum + number, 0);
  if (total === 0) return { lines: [`No uploads${period}.`], unknownIds: [], running: 0 };
  const rows: UploadStatus[] = [];
  const details = pMapIterable(selection.uploads, (each) => readDetails(client, each), {
    concurrency: CONCURRENCY,
  });
  for await (const each of details) rows.push(each);
  const rest = total - rows.length;
  return {
    lines: [
      `${out.bold(count(total, 'upload'))}${period}: ${counts(tally)}`,
      '',
      ...statusLines(rows),
      ...(rest > 0
        ? ['', `Only ${MAX_ROWS} of ${count(total, 'upload')} are shown. Add --json to print all.`]
        : []),
    ],
    unknownIds: [],
    running: tally.get('running') ?? 0,
  };
}

/** Reads the details of an upload, unless it is done: the list already has all details then. */
async function readDetails(client: UploadClient, upload: UploadSummary): Promise<UploadStatus> {
  const status = upload.state === 'done' ? undefined : await client.status(upload.workflowId);
  return status ?? { ...upload, pending: [] };
}

function printSnapshot({ lines, unknownIds }: Pick<Snapshot, 'lines' | 'unknownIds'>): void {
  print(...lines);
  for (const id of unknownIds)
    printError(
      `${id}: Temporal has no upload with this id, or no longer has its history. To list recent uploads: aplos-upload status`,
    );
  if (unknownIds.length > 0) process.exitCode = ExitCode.failed;
}

/** Prints the status repeatedly until no upload is running. Without a terminal, prints it only when it changes. */
async function refresh(read: () => Promise<Snapshot>, watched: WatchedOutage): Promise<void> {
  while (true) {
    const { lines, running } = await read();
    watched.print(lines);
    if (running === 0) return;
    await sleep(REFRESH_MS);
  }
}

/** Prints the status that was read last. During an outage, says so under it in a terminal, otherwise once on stderr. */
class WatchedOutage {
  readonly #notices = new Notices();
  #lines: readonly string[] = [];

  print(lines: readonly string[]): void {
    if (process.stdout.isTTY) logUpdate(render(lines));
    else if (render(lines) !== render(this.#lines)) print(...lines);
    this.#lines = lines;
  }

  update(outage: Outage | undefined): void {
    if (!process.stdout.isTTY) this.#notices.onOutage(outage);
    else if (outage)
      logUpdate(render([...this.#lines, '', `${out.yellow('!')} ${outageText(outage)}`]).trimStart());
    else logUpdate(render(this.#lines));
  }
}

const render = (lines: readonly string[]): string => lines.map(renderLine).join('\n');

async function printAll(
  client: UploadClient,
  workflowIds: readonly string[],
  filter: UploadFilter,
): Promise<void> {
  if (workflowIds.length === 0) {
    const details = pMapIterable(client.list(filter), (each) => readDetails(client, each), {
      concurrency: CONCURRENCY,
    });
    for await (const each of details) printJson(each);
    return;
  }
  const unknownIds: string[] = [];
  for (const id of workflowIds) {
    const found = await client.status(id);
    if (found) printJson(found);
    else unknownIds.push(id);
  }
  printSnapshot({ lines: [], unknownIds });
}
