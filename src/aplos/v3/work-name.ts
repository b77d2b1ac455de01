import type { Work } from '../api.js';

const MAX_LABEL_LENGTH = 60;
const MARK = /(?<![a-z\d])aplos[\s_-]?upload[\s:_-]*([0-9a-f]{32})(?![0-9a-f])/i;

/**
 * Returns the name of an execution. Version 3 returns no metadata, so that the name carries the identity of the work. The tracking
 * id is in hex, and is found whatever happens to the case of the name.
 */
export function nameFor(label: string, { trackingId }: Pick<Work, 'trackingId'>): string {
  const shown = [...label];
  const short = shown.length > MAX_LABEL_LENGTH ? `${shown.slice(0, MAX_LABEL_LENGTH - 1).join('')}…` : label;
  return `${short} · aplos-upload ${trackingId}`;
}

/** Returns the tracking id in the name of an execution; `undefined` if another program named it. A label may contain such an id, so the last one counts. */
export function trackingIdIn(name: string): string | undefined {
  return name.match(new RegExp(MARK, 'gi'))?.at(-1)?.match(MARK)?.[1]?.toLowerCase();
}
