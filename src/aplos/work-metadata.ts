import { isObject, type JsonObject, type JsonValue } from '../contract/json.js';
import { tryParseJson } from '../contract/parse-json.js';
import { plainKey } from '../contract/plain-key.js';
import { anyCase } from './any-case.js';
import type { Work } from './api.js';
import { boundedText } from './fields.js';

const KEY = 'aplos_upload';

/** Longer than any value that this program writes. Another program may have written the metadata. */
const MAX_LENGTH = 255;
const text = boundedText(MAX_LENGTH);
const optionalText = text.optional().catch(undefined);

const workSchema = anyCase({
  trackingId: text.transform((value) => value.toLowerCase()),
  contentId: optionalText,
  fileVersionId: optionalText,
  fileName: optionalText,
  requestedAt: optionalText,
  again: optionalText,
});
const metaDataSchema = anyCase({ aplosUpload: workSchema });

/**
 * Returns an execution's metadata with the identity of the work, which Aplos stores and returns with the execution. If the
 * metadata is an object, it gains the key `aplos_upload`; any other value is stored next to it, as `meta_data`.
 */
export function withWork(metaData: JsonValue | undefined, work: Work): JsonValue {
  const { trackingId, contentId, fileVersionId, fileName, requestedAt, again } = work;
  const own = {
    [KEY]: {
      tracking_id: trackingId,
      ...(contentId === undefined ? {} : { content_id: contentId }),
      ...(fileVersionId === undefined ? {} : { file_version_id: fileVersionId }),
      ...(fileName === undefined ? {} : { file_name: fileName }),
      ...(requestedAt === undefined ? {} : { requested_at: requestedAt }),
      ...(again === undefined ? {} : { again }),
    },
  };
  if (metaData === undefined) return own;
  if (!isJsonObject(metaData)) return { meta_data: metaData, ...own };
  // Another spelling of the key could come back instead of ours.
  const others = Object.entries(metaData).filter(([key]) => plainKey(key) !== plainKey(KEY));
  return { ...Object.fromEntries(others), ...own };
}

/**
 * Returns the identity of the work in the metadata of an execution, which Aplos may return as JSON or as JSON in a string, and
 * with keys in another case.
 */
export function workIn(metaData: JsonValue | undefined): Work | undefined {
  const value = typeof metaData === 'string' ? tryParseJson(metaData) : metaData;
  return metaDataSchema.safeParse(value).data?.aplosUpload;
}

const isJsonObject = (value: JsonValue): value is JsonObject => isObject(value);
