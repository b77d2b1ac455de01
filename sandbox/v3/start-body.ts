import { z } from 'zod';
import { problems } from '../api.js';
import type { StartRequest } from '../executions.js';

const object = z.record(z.string(), z.unknown());
const bodyV3 = z.strictObject({
  file_id: z.string().min(1),
  name: z.string().optional(),
  calculation: object.optional(),
  data_cleaning: z.unknown().optional(),
  custom_calculations: z.unknown().optional(),
  custom_plots: z.unknown().optional(),
  custom_tables: z.unknown().optional(),
  metadata: z.unknown().optional(),
});
const bodyV1 = z.strictObject({
  file: z.object({ id: z.string() }).optional(),
  s3: z.object({ bucket_name: z.string(), object_key: z.string() }).optional(),
  name: z.string().optional(),
  configuration: object,
  meta_data: z.unknown().optional(),
  data_processing: z.unknown().optional(),
  post_processing: z.unknown().optional(),
});

/** Parses the body of a start: that of version 3, or that of version 1. Returns the problem if it is invalid. */
export function parseStart(body: unknown): (StartRequest & { readonly fileIdOrKey: string }) | string {
  const isV3 = object.safeParse(body).data?.file_id !== undefined;
  return isV3 ? parseV3(body) : parseV1(body);
}

function parseV3(body: unknown): ReturnType<typeof parseStart> {
  const parsed = bodyV3.safeParse(body);
  if (!parsed.success) return problems(parsed.error).join('; ');
  const { file_id: fileIdOrKey, name, calculation = {}, metadata: metaData, ...sections } = parsed.data;
  const isEmpty = [calculation, ...Object.values(sections)].every(
    (section) => Object.keys((section ?? {}) as object).length === 0,
  );
  if (isEmpty) return 'At least one section must not be empty';
  return { fileIdOrKey, name, configuration: calculation, metaData, sections, body };
}

function parseV1(body: unknown): ReturnType<typeof parseStart> {
  const parsed = bodyV1.safeParse(body);
  if (!parsed.success) return problems(parsed.error).join('; ');
  const { file, s3, name, configuration, meta_data, data_processing, post_processing } = parsed.data;
  const fileIdOrKey = file?.id ?? s3?.object_key;
  if (fileIdOrKey === undefined) return 'file.id is required';
  return {
    fileIdOrKey,
    name,
    configuration,
    metaData: meta_data,
    dataProcessing: data_processing,
    postProcessing: post_processing,
    body,
  };
}
