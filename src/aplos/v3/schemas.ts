import { z } from 'zod';
import { anyCase, isObject } from '../any-case.js';
import { enveloped } from '../envelope.js';

const id = z.string().min(1);
const text = z.string().nullish().catch(undefined);
const number = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d+(\.\d+)?$/)
      .transform(Number),
  ])
  .nullish()
  .catch(undefined);
const messages = z
  .array(z.unknown())
  .nullish()
  .catch([])
  .transform((all) => (all ?? []).map((each) => (typeof each === 'string' ? each : JSON.stringify(each))));

const post = {
  url: z.url(),
  fields: z.record(z.string(), z.union([z.string(), z.number().transform(String)])),
  expiresIn: z.union([z.number().positive(), z.string().regex(/^\d+$/).transform(Number)]).nullish(),
};

/** Response to a request for a presigned POST: the shape of version 3, or that of version 1 in any case. */
export const presignSchema = enveloped(
  z.union([
    anyCase({ ...post, fileId: id, key: text, bucket: text }),
    anyCase({
      presigned: anyCase(post),
      file: anyCase({ id }),
      s3: anyCase({ bucketName: text, objectKey: text }).nullish(),
    }).transform(({ presigned, file, s3 }) => ({
      ...presigned,
      fileId: file.id,
      key: s3?.objectKey,
      bucket: s3?.bucketName,
    })),
  ]),
);

/** A file. `workableState` is the state in version 1. */
export const fileSchema = enveloped(
  anyCase({
    state: text,
    workableState: text,
    status: text,
    size: number,
    checksum: text,
    errors: messages,
    error: text,
    statusMessage: text,
  }),
);

/** Response to a start. */
export const startedSchema = enveloped(
  anyCase({
    executionId: id,
    status: text,
    message: text,
    delaySeconds: number,
    error: text,
    errors: messages,
  }),
);

const execution = anyCase({
  id: id.optional(),
  executionId: id.optional(),
  name: text,
  status: z.string(),
  statusMessage: text,
  error: z.unknown().optional(),
  errors: messages,
  createdUtc: z.union([z.string(), z.number()]).nullish().catch(undefined),
  input: anyCase({ fileId: text }).nullish().catch(undefined),
}).refine((value) => value.id ?? value.executionId, 'id is missing');

/** An execution. */
export const executionSchema = enveloped(execution);
/** An execution as Aplos reports it. */
export type Execution = z.output<typeof execution>;

/** A page of the history. `nextKey` is text, or the key of a database as JSON. */
export const pageSchema = enveloped(
  anyCase({
    executions: z.array(execution).optional(),
    items: z.array(execution).optional(),
    nextKey: z.unknown().optional(),
    nextToken: z.unknown().optional(),
  }).refine(({ executions, items }) => executions ?? items, 'executions is missing'),
);

const yes = z
  .union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')])
  .nullish()
  .catch(undefined);

/** What version 3 reports of a subscription, in whichever of its calls. */
export const subscriptionSchema = enveloped(
  z.preprocess(
    (value) =>
      isObject(value) && isObject(value.subscription) ? { ...value, ...value.subscription } : value,
    anyCase({
      plan: text,
      planName: text,
      name: text,
      status: text,
      allocated: number,
      maxExecutions: number,
      remaining: number,
      remainingExecutions: number,
      maxConcurrentExecutions: number,
      downloadAuthorized: yes,
    }),
  ),
);
