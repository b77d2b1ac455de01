import type { JsonValue } from '../../contract/json.js';
import type { FileRef } from '../../contract/steps.js';
import type { StartRequest } from '../api.js';
import { type SectionFields, sectionsAs } from '../section-fields.js';

/** Sections of the body of version 1, and the field of each. */
export const SECTION_FIELDS_V1 = {
  configuration: 'configuration',
  dataProcessing: 'data_processing',
  postProcessing: 'post_processing',
} as const satisfies SectionFields;

/** Returns the body of a start in version 1. Version 3 takes it as well. The sections are sent unchanged. */
export const startBodyV1 = (
  { fileId, bucket, key }: FileRef,
  execution: StartRequest['execution'],
  metaData: JsonValue,
): object => ({
  ...(fileId ? { file: { id: fileId } } : { s3: { bucket_name: bucket, object_key: key } }),
  ...sectionsAs(SECTION_FIELDS_V1, execution),
  meta_data: metaData,
});
