import { type JsonValue, jsonIn } from '../../contract/json.js';

const KEY = 'aplos_upload';

/**
 * Adds a tracking id to an execution's metadata, which the service keeps as it is and gives back. An object
 * gains the key `aplos_upload`; anything else is kept whole beside it, under `meta_data`.
 */
export function withTrackingId(metaData: JsonValue | undefined, trackingId: string): JsonValue {
  const tracking = { [KEY]: { tracking_id: trackingId } };
  if (metaData === undefined) return tracking;
  return isObject(metaData) ? { ...metaData, ...tracking } : { meta_data: metaData, ...tracking };
}

/** The tracking id in metadata that came back, be it as JSON or as the text of it. */
export function trackingIdOf(metaData: JsonValue | undefined): string | undefined {
  const value = typeof metaData === 'string' ? jsonIn(metaData) : metaData;
  const tracking = isObject(value) ? value[KEY] : undefined;
  const id = isObject(tracking) ? tracking.tracking_id : undefined;
  return typeof id === 'string' ? id : undefined;
}

const isObject = (value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
