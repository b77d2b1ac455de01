import type { Work } from '../api.js';

/** In UTF-8, with the tracking id at the end. Aplos may cut longer names. */
const MAX_NAME_BYTES = 100;
const MARK = /aplos[^a-z\d]?upload(?:%20|[^a-z\d])*([0-9a-f]{32})(?![0-9a-f])/i;

/**
 * Returns the name of an execution. Version 3 returns no metadata, so that the name carries the identity of the work. The tracking
 * id is in hex, and is found whatever happens to the case of the name, and to its spaces and separators.
 */
export function nameFor(label: string, { trackingId }: Pick<Work, 'trackingId'>): string {
  const mark = ` · aplos-upload ${trackingId}`;
  return `${cutToBytes(label, MAX_NAME_BYTES - Buffer.byteLength(mark))}${mark}`;
}

function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let short = '';
  for (const character of text) {
    if (Buffer.byteLength(`${short}${character}…`) > maxBytes) break;
    short += character;
  }
  return `${short}…`;
}

/** Returns the tracking id in the name of an execution; `undefined` if another program named it. A label may contain such an id, so the last one counts. */
export function trackingIdIn(name: string): string | undefined {
  return name.match(new RegExp(MARK, 'gi'))?.at(-1)?.match(MARK)?.[1]?.toLowerCase();
}
