import { setTimeout as sleep } from 'node:timers/promises';
import logUpdate from 'log-update';
import { pMapIterable } from 'p-map';
import { type Outage, UploadClient, type UploadFilter, type UploadStatus } from '../../../client.js';
import { loadSettings } from '../../../settings/load.js';
import { PollPause } from '../../../util/poll-pause.js';
import { filterFrom, type SelectOptions, selectionText } from '../../input/filter.js';
import { findUploads } from '../../input/find-uploads.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, printError } from '../../output/errors.js';
import { roomOf } from '../../output/fit.js';
import { Notices, outageText } from '../../output/notices.js';
import { assertOnlyWeb, openPage } from '../../output/open-page.js';
import { statusRecord, unknownRecord } from '../../output/records.js';
import { print, printJson, renderLine, showsProgress } from '../../output/terminal.js';
import { type UiLinks, uiLinks } from '../../output/ui-links.js';
import { CONCURRENCY, readByFilter, readByIds, readDetails, type Snapshot } from './snapshot.js';

/** Options of `aplos-upload status`. */
export interface StatusOptions extends SelectOptions {
  readonly each?: true;
  readonly watch?: true;
  readonly web?: true;
  /** Largest number of uploads to show. Default: as many as fit a terminal, but at least a few */
  readonly limit?: number;
  readonly json?: true;
}

/** A large batch may take more than a minute to read. */
const PAUSE = { minMs: 2000, factor: 1 };
/** Uploads to show if neither ids nor options select any. */
const DEFAULT_SELECTION: SelectOptions = { since: '24h' };

/**
 * Prints the status of the uploads that references or options select.
 *
 * @param references ids, file names, paths, or URLs of the Temporal UI
 */
export async function showStatus(references: readonly string[], options: StatusOptions): Promise<void> {
  const selected = filterFrom(options, references);
  if (options.watch && options.json)
    throw new BadInputError(['--watch and --json cannot be combined. Use one of them.']);
  if (options.web) assertOnlyWeb({ ...options });
  const selectOptions = selected ? options : DEFAULT_SELECTION;
  const filter = selected ?? filterFrom(DEFAULT_SELECTION) ?? {};
  const settings = loadSettings(process.env, 'client');
  const watched = new WatchedOutage();
  const client = await UploadClient.connect({ settings, onOutage: (outage) => watched.update(outage) });
  try {
    const found = (await findUploads(client, references)).flatMap(({ ids }) => ids);
    const workflowIds = found.slice(0, options.limit);
    const links = uiLinks(settings);
    const read = () =>
      references.length > 0
        ? readByIds(client, workflowIds, links)
        : readByFilter(client, {
            filter,
            selection: selectionText(selectOptions),
            period: selected ? '' : ' in the last 24 hours',
            each: Boolean(options.each),
            room: roomOf(process.stdout),
            limit: options.limit,
            page: links.listPage(filter),
          });
    const [first] = workflowIds;
    if (options.web) await openPage(first === undefined ? links.listPage(filter) : links.uploadPage(first));
    else if (options.json)
      await printAll(client, references.length > 0 ? workflowIds : filter, { ...options, links });
    else if (options.watch) await refresh(client, read, watched);
    else printSnapshot(await read());
  } finally {
    await client.close();
  }
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
async function refresh(
  client: UploadClient,
  read: () => Promise<Snapshot>,
  watched: WatchedOutage,
): Promise<void> {
  const pause = new PollPause(PAUSE);
  while (true) {
    const { lines, running } = await client.whenAvailable(() => pause.measure(read));
    watched.print(lines);
    if (running === 0) return;
    await sleep(pause.ms);
  }
}

/** Prints the status that was read last. During an outage, says so under it in a terminal, otherwise once on stderr. */
class WatchedOutage {
  readonly #notices = new Notices();
  #lines: readonly string[] = [];

  print(lines: readonly string[]): void {
    if (showsProgress(process.stdout)) logUpdate(render(lines));
    else if (render(lines) !== render(this.#lines)) print(...lines);
    this.#lines = lines;
  }

  update(outage: Outage | undefined): void {
    if (!showsProgress(process.stdout)) this.#notices.onOutage(outage);
    else if (outage)
      logUpdate(render([...this.#lines, '', `${out.yellow('!')} ${outageText(outage)}`]).trimStart());
    else logUpdate(render(this.#lines));
  }
}

const isList = (selected: readonly string[] | UploadFilter): selected is readonly string[] =>
  Array.isArray(selected);

const render = (lines: readonly string[]): string => lines.map(renderLine).join('\n');

async function printAll(
  client: UploadClient,
  selected: readonly string[] | UploadFilter,
  { links, limit = Number.POSITIVE_INFINITY }: { readonly links: UiLinks; readonly limit?: number },
): Promise<void> {
  const printStatus = (status: UploadStatus) =>
    printJson(statusRecord(status, links.uploadPage(status.workflowId)));
  if (!isList(selected)) {
    const details = pMapIterable(client.list(selected), (each) => readDetails(client, each), {
      concurrency: Math.min(limit, CONCURRENCY),
    });
    let printed = 0;
    for await (const each of details) {
      printStatus(each);
      if (++printed >= limit) break;
    }
    return;
  }
  const unknownIds: string[] = [];
  for (const id of selected) {
    const found = await client.status(id);
    if (found) printStatus(found);
    else {
      printJson(unknownRecord(id));
      unknownIds.push(id);
    }
  }
  printSnapshot({ lines: [], unknownIds });
}
