import { setTimeout as sleep } from 'node:timers/promises';
import logUpdate from 'log-update';
import { pMapIterable } from 'p-map';
import { type Outage, UploadClient, type UploadFilter } from '../../../client.js';
import { loadSettings } from '../../../settings/load.js';
import { filterFrom, type SelectOptions, selectionText } from '../../input/filter.js';
import { findUploads } from '../../input/find-uploads.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, printError } from '../../output/errors.js';
import { roomOf } from '../../output/fit.js';
import { Notices, outageText } from '../../output/notices.js';
import { statusRecord, unknownRecord } from '../../output/records.js';
import { print, printJson, renderLine } from '../../output/terminal.js';
import { uiLinks } from '../../output/ui-links.js';
import { CONCURRENCY, readByFilter, readByIds, readDetails, type Snapshot } from './snapshot.js';

/** Options of `aplos-upload status`. */
export interface StatusOptions extends SelectOptions {
  readonly each?: true;
  readonly watch?: true;
  readonly json?: true;
}

const REFRESH_MS = 2000;
/** Uploads to show if neither ids nor options select any. */
const DEFAULT_SELECTION: SelectOptions = { since: '24h' };

/**
 * Prints the status of the uploads that references or options select.
 *
 * @param references ids, file names, paths, or URLs of the Temporal UI
 */
export async function showStatus(references: readonly string[], options: StatusOptions): Promise<void> {
  const selected = filterFrom(options);
  if (selected && references.length > 0)
    throw new BadInputError(['Names and options cannot be combined. Select uploads by one of them.']);
  if (options.watch && options.json)
    throw new BadInputError(['--watch and --json cannot be combined. Use one of them.']);
  const selectOptions = selected ? options : DEFAULT_SELECTION;
  const filter = selected ?? filterFrom(DEFAULT_SELECTION) ?? {};
  const settings = loadSettings(process.env, 'client');
  const watched = new WatchedOutage();
  const client = await UploadClient.connect({ settings, onOutage: (outage) => watched.update(outage) });
  try {
    const workflowIds = (await findUploads(client, references)).flatMap(({ ids }) => ids);
    const read = () =>
      references.length > 0
        ? readByIds(client, workflowIds)
        : readByFilter(client, {
            filter,
            selection: selectionText(selectOptions),
            period: selected ? '' : ' in the last 24 hours',
            each: Boolean(options.each),
            room: roomOf(process.stdout),
            page: uiLinks(settings).listPage(filter),
          });
    if (options.json) await printAll(client, workflowIds, references.length > 0 ? undefined : filter);
    else if (options.watch) await refresh(() => client.whenAvailable(read), watched);
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
  filter: UploadFilter | undefined,
): Promise<void> {
  if (filter) {
    const details = pMapIterable(client.list(filter), (each) => readDetails(client, each), {
      concurrency: CONCURRENCY,
    });
    for await (const each of details) printJson(statusRecord(each));
    return;
  }
  const unknownIds: string[] = [];
  for (const id of workflowIds) {
    const found = await client.status(id);
    if (found) printJson(statusRecord(found));
    else {
      printJson(unknownRecord(id));
      unknownIds.push(id);
    }
  }
  printSnapshot({ lines: [], unknownIds });
}
