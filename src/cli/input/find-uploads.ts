import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import pMap from 'p-map';
import type { UploadClient, UploadSummary } from '../../client.js';
import { shownSource } from '../../contract/source.js';
import { canBeQueried } from '../../temporal/query.js';
import { isUrl } from '../../util/is-url.js';
import { quote } from '../../util/quote.js';
import { BadInputError } from '../output/errors.js';
import { namesOf, readable } from '../output/upload-names.js';

/** Uploads that a reference names. */
export interface Found {
  readonly reference: string;
  /** Ids of the uploads. The reference itself if nothing has that name. */
  readonly ids: readonly string[];
  /** The uploads of that file name or path. Empty if the reference is an id. */
  readonly uploads: readonly UploadSummary[];
}

const CONCURRENCY = 20;

/**
 * Returns the uploads that each reference names: an id, a URL of the Temporal UI, or the name or a path of a file. A path may be the
 * end of the whole path, such as `site-1/pk.csv`.
 *
 * @throws BadInputError if a URL is that of another namespace, or not that of an upload
 */
export const findUploads = (client: UploadClient, references: readonly string[]): Promise<Found[]> =>
  pMap(references, (reference) => find(client, reference), { concurrency: CONCURRENCY });

/** Returns the ids of all uploads that references name, each once. */
export const idsOf = async (client: UploadClient, references: readonly string[]): Promise<string[]> => [
  ...new Set((await findUploads(client, references)).flatMap(({ ids }) => ids)),
];

/**
 * Returns the uploads of a batch, each with its latest run. Temporal's list lags behind, so each upload that it shows as running is
 * looked up: it may have just ended.
 *
 * @throws BadInputError if there are none
 */
export async function uploadsOfBatch(client: UploadClient, batch: string): Promise<UploadSummary[]> {
  const listed: UploadSummary[] = [];
  for await (const upload of client.list({ batch })) listed.push(upload);
  if (listed.length === 0) throw new BadInputError([`No upload is in the batch ${batch}.`]);
  const now = async (upload: UploadSummary) => (await client.status(upload.workflowId)) ?? upload;
  return pMap(listed, (upload) => (upload.state === 'running' ? now(upload) : upload), {
    concurrency: CONCURRENCY,
  });
}

/**
 * Returns the id of the one upload that each reference names.
 *
 * @param isMeant selects the uploads that a file name stands for. A file name without any of them stands for all its uploads
 * @throws BadInputError also if a file name stands for several uploads
 */
export async function idOfEach(
  client: UploadClient,
  references: readonly string[],
  isMeant: (upload: UploadSummary) => boolean,
): Promise<string[]> {
  const problems: string[] = [];
  const named: string[] = [];
  for (const { reference, ids, uploads } of await findUploads(client, references)) {
    const meant = uploads.filter(isMeant);
    const candidates = meant.length > 0 ? meant : uploads;
    if (candidates.length <= 1) named.push(candidates[0]?.workflowId ?? ids[0] ?? reference);
    else {
      const names = await namesOf(client, candidates);
      const list = candidates.map(({ workflowId }, index) => `${names[index]} is ${workflowId}`).join('; ');
      problems.push(
        `${reference} is the name of ${candidates.length} uploads: ${list}. Give a path or an id.`,
      );
    }
  }
  if (problems.length > 0) throw new BadInputError(problems);
  return named;
}

async function find(client: UploadClient, reference: string): Promise<Found> {
  const idInPage = idInUiUrl(reference, client.namespace);
  if (idInPage !== undefined) return { reference, ids: [idInPage], uploads: [] };
  if (await client.status(reference)) return { reference, ids: [reference], uploads: [] };
  const uploads = await uploadsOfFile(client, reference);
  return {
    reference,
    ids: uploads.length > 0 ? uploads.map(({ workflowId }) => workflowId) : [reference],
    uploads,
  };
}

/** Returns the workflow id in a URL of the Temporal UI; `undefined` if the text is something else. */
function idInUiUrl(reference: string, own: string): string | undefined {
  if (!/^https?:/i.test(reference) || !URL.canParse(reference)) return undefined;
  const [, namespace, id] =
    /\/namespaces\/([^/]+)\/workflows(?:\/([^/]+))?/.exec(new URL(reference).pathname) ?? [];
  if (namespace === undefined) return undefined;
  if (id === undefined)
    throw new BadInputError([
      `${reference} is not the page of an upload. Copy the URL of the page of one workflow.`,
    ]);
  if (decodeURIComponent(namespace) !== own)
    throw new BadInputError([
      `${reference} is a page of the namespace ${quote(decodeURIComponent(namespace))}, but this command uses ${quote(own)}. Set TEMPORAL_NAMESPACE.`,
    ]);
  return decodeURIComponent(id);
}

async function uploadsOfFile(client: UploadClient, reference: string): Promise<UploadSummary[]> {
  const fileName = nameIn(reference);
  if (fileName === '' || !canBeQueried(fileName)) return [];
  const uploads: UploadSummary[] = [];
  for await (const upload of client.list({ fileName })) uploads.push(upload);
  if (fileName === reference) return uploads;
  const sources = await pMap(uploads, (each) => client.source(each), { concurrency: CONCURRENCY });
  return uploads.filter((_, index) => isSource(sources[index], reference));
}

const nameIn = (reference: string) => {
  const path =
    isUrl(reference) && URL.canParse(reference)
      ? readable(`file://${new URL(reference).pathname}`)
      : reference;
  return path.split('/').at(-1) ?? '';
};

/** Reports whether a path or URL is a source, or the end of its path. */
function isSource(source: string | undefined, reference: string): boolean {
  if (source === undefined) return false;
  if (isUrl(reference)) return source === shownSource(reference);
  if (source === pathToFileURL(resolve(reference)).href) return true;
  return readable(source)?.endsWith(`/${reference.replace(/^(\.\/)+/, '')}`) ?? false;
}
