import { z } from 'zod';

const messages = z
  .array(z.unknown())
  .nullish()
  .transform((all) => (all ?? []).map((each) => (typeof each === 'string' ? each : JSON.stringify(each))));

/** Response to a request for a presigned POST. Older responses contain no file ID. */
export const presignSchema = z
  .object({
    file: z.object({ id: z.string().min(1) }).nullish(),
    s3: z.object({ bucket_name: z.string().min(1), object_key: z.string().min(1) }).nullish(),
    presigned: z.object({
      url: z.url(),
      fields: z.record(z.string(), z.union([z.string(), z.number().transform(String)])),
      expires_in: z.number().positive(),
    }),
  })
  .refine(({ file, s3 }) => file || s3, 'file.id and s3 are both missing');

/** A file. */
export const fileSchema = z.object({ workable_state: z.string(), errors: messages });

/** Response to a start. */
export const startedSchema = z.object({
  execution_id: z.string().min(1),
  status: z.string().default('queuing'),
});

/** An execution. */
export const executionSchema = z.object({
  execution_id: z.string().min(1),
  status: z.string(),
  errors: messages,
  meta_data: z.unknown().optional(), // JSON already: to check it again costs memory in long lists
});

/** The list of executions. */
export const executionListSchema = z.object({ items: z.array(executionSchema) });
