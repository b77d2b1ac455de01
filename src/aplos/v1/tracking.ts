import { type JsonValue, tryParseJson } from '../../contract/json.js';

const KEY = 'aplos_upload';

/**
 * Returns an execution's metadata with a tracking ID, which Aplos stores and returns with the execution. If the metadata
 * is an object, it gains the key `aplos_upload`; any other value is stored next to it, as `meta_data`.
 */
export function withTrackingId(metaData: JsonValue | undefined, trackingId: string): JsonValue {
  const tracking = { [KEY]: { tracking_id: trackingId } };
  if (metaData === undefined) return tracking;
  return isObject(metaData) ? { ...metaData, ...tracking } : { meta_data: metaData, ...tracking };
}

/** Returns the tracking ID in the metadata of an execution, which Aplos may return as JSON or as JSON in a string. */
export function trackingIdOf(metaData: JsonValue | undefined): string | undefined {
  const value = typeof metaData === 'string' ? tryParseJson(metaData) : metaData;
  const tracking = isObject(value) ? value[KEY] : undefined;
  const id = isObject(tracking) ? tracking.tracking_id : undefined;
  return typeof id === 'string' ? id : undefined;
}

const isObject = (value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
