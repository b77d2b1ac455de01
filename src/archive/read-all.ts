import pMap from 'p-map';
import type { Archive } from './archive.js';

/** Calls that are made at a time to read many records. */
const CONCURRENCY = 32;

/** Returns the content of records, by their names. Names without a record are left out. */
export async function readAll(
  archive: Pick<Archive, 'read'>,
  names: readonly string[],
): Promise<Map<string, Buffer>> {
  const contents = await pMap(names, async (name) => [name, await archive.read(name)] as const, {
    concurrency: CONCURRENCY,
  });
  return new Map(contents.flatMap(([name, content]) => (content ? [[name, content] as const] : [])));
}
