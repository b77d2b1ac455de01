import { z } from 'zod';
import { type JsonValue, tryParseJson } from '../../contract/json.js';
import type { Work } from '../api.js';

const KEY = 'aplos_upload';

const workSchema = z.object({
  tracking_id: z.string(),
  content_id: z.string().optional(),
  file_name: z.string().optional(),
  requested_at: z.string().optional(),
  again: z.string().optional(),
});

/**
 * Returns an execution's metadata with the identity of the work, which Aplos stores and returns with the execution. If the
 * metadata is an object, it gains the key `aplos_upload`; any other value is stored next to it, as `meta_data`.
 */
export function withWork(metaData: JsonValue | undefined, work: Work): JsonValue {
  const { trackingId, contentId, fileName, requestedAt, again } = work;
  const own = {
    [KEY]: {
      tracking_id: trackingId,
      ...(contentId === undefined ? {} : { content_id: contentId }),
      ...(fileName === undefined ? {} : { file_name: fileName }),
      ...(requestedAt === undefined ? {} : { requested_at: requestedAt }),
      ...(again === undefined ? {} : { again }),
    },
  };
  if (metaData === undefined) return own;
  return isObject(metaData) ? { ...metaData, ...own } : { meta_data: metaData, ...own };
}

/** Returns the identity of the work in the metadata of an execution, which Aplos may return as JSON or as JSON in a string. */
export function workIn(metaData: JsonValue | undefined): Work | undefined {
  const value = typeof metaData === 'string' ? tryParseJson(metaData) : metaData;
  const { data } = workSchema.safeParse(isObject(value) ? value[KEY] : undefined);
  if (!data) return undefined;
  return {
    trackingId: data.tracking_id,
    contentId: data.content_id,
    fileName: data.file_name,
    requestedAt: data.requested_at,
    again: data.again,
  };
}

const isObject = (value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
