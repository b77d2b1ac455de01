import { z } from 'zod';
import {
  bucketSchema,
  expirySchema,
  formFieldsSchema,
  idSchema,
  linkSchema,
  listOf,
  messagesSchema,
  objectKeySchema,
  urlSchema,
  wordSchema,
} from '../fields.js';

/** Response to a request for a presigned POST. Older responses contain no file ID. */
export const presignSchema = z
  .object({
    file: z.object({ id: idSchema }).nullish(),
    s3: z.object({ bucket_name: bucketSchema, object_key: objectKeySchema }).nullish(),
    presigned: z.object({
      url: urlSchema,
      fields: formFieldsSchema,
      expires_in: expirySchema,
    }),
  })
  .refine(({ file, s3 }) => file || s3, 'file.id and s3 are both missing');

/** A file. */
export const fileSchema = z.object({ workable_state: wordSchema, errors: messagesSchema });

/** Response to a start. */
export const startedSchema = z.object({
  execution_id: idSchema,
  status: wordSchema.default('queuing'),
});

/** An execution. */
export const executionSchema = z.object({
  execution_id: idSchema,
  status: wordSchema,
  errors: messagesSchema,
  // Reports are read only of those executions that somebody waits for.
  warnings: z.unknown().optional(),
  times: z.unknown().optional(),
  meta_data: z.unknown().optional(), // JSON already: to check it again costs memory in long lists
});

/** An execution with the link to its results, once it is complete. */
export const resultsSchema = executionSchema.extend({ presigned: z.object({ url: linkSchema }).nullish() });

/** The list of executions. */
export const executionListSchema = z.object({ items: listOf(executionSchema) });

const count = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .optional()
  .catch(undefined);
const counts = z.object({ allocated: count, remaining: count }).optional().catch(undefined);

/** Counts of executions. */
export const metricsSchema = z.object({ subscription: counts, user: counts });
