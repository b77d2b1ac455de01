import type { JsonValue } from '../../contract/json.js';
import type { FileRef } from '../../contract/steps.js';
import type { StartRequest } from '../api.js';

/** Returns the body of a start in version 1. Version 3 takes it as well. The sections are sent unchanged. */
export const startBodyV1 = (
  { fileId, bucket, key }: FileRef,
  { configuration, dataProcessing, postProcessing }: StartRequest['execution'],
  metaData: JsonValue,
): object => ({
  ...(fileId ? { file: { id: fileId } } : { s3: { bucket_name: bucket, object_key: key } }),
  configuration,
  meta_data: metaData,
  data_processing: dataProcessing,
  post_processing: postProcessing,
});
