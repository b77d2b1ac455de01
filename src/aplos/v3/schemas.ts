import { z } from 'zod';
import { isObject } from '../../contract/json.js';
import { anyCase } from '../any-case.js';
import { enveloped } from '../envelope.js';
import {
  boundedText,
  bucketSchema,
  expirySchema,
  FIELD_LIMITS,
  formFieldsSchema,
  idSchema,
  linkSchema,
  listOf,
  messagesSchema,
  numberSchema,
  objectKeySchema,
  urlSchema,
  wordSchema,
} from '../fields.js';

const text = boundedText(FIELD_LIMITS.message).nullish().catch(undefined);
const word = wordSchema.nullish();
const number = numberSchema.nullish().catch(undefined);
const messages = messagesSchema.catch([]);

const post = {
  url: urlSchema,
  fields: formFieldsSchema,
  expiresIn: z
    .preprocess(
      (value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value),
      expirySchema,
    )
    .nullish(),
};

/** Response to a request for a presigned POST: the shape of version 3, or that of version 1 in any case. */
export const presignSchema = enveloped(
  z.union([
    anyCase({ ...post, fileId: idSchema, key: objectKeySchema.nullish(), bucket: bucketSchema.nullish() }),
    anyCase({
      presigned: anyCase(post),
      file: anyCase({ id: idSchema }),
      s3: anyCase({ bucketName: bucketSchema.nullish(), objectKey: objectKeySchema.nullish() }).nullish(),
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
    state: word,
    workableState: word,
    status: word,
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
    executionId: idSchema,
    status: word,
    message: text,
    delaySeconds: number,
    error: text,
    errorCode: text,
    errors: messages,
  }),
);

const execution = anyCase({
  id: idSchema.optional(),
  executionId: idSchema.optional(),
  name: text,
  // One odd execution must not hide the others.
  status: wordSchema.catch('unknown'),
  statusMessage: text,
  lifecycleState: text,
  error: z.unknown().optional(),
  errors: messages,
  // Reports are read only of those executions that somebody waits for.
  currentPhase: z.unknown().optional(),
  progress: z.unknown().optional(),
  warnings: z.unknown().optional(),
  completedUtc: z.unknown().optional(),
  durationMs: z.unknown().optional(),
  engineVersions: z.unknown().optional(),
  createdUtc: z.union([wordSchema, z.number()]).nullish().catch(undefined),
  input: anyCase({ fileId: text }).nullish().catch(undefined),
}).refine((value) => value.id ?? value.executionId, 'id is missing');

/** An execution. */
export const executionSchema = enveloped(execution);
/** An execution as Aplos reports it. */
export type Execution = z.output<typeof execution>;

/** The file with the results of an execution. */
export const packageSchema = enveloped(
  anyCase({ id: idSchema.nullish(), fileId: idSchema.nullish() }).transform(
    ({ id, fileId }, context) => (id ?? fileId) || missing('id', context),
  ),
);

/** A presigned link to a file. */
export const downloadSchema = enveloped(
  anyCase({ downloadUrl: linkSchema.nullish(), url: linkSchema.nullish() }).transform(
    ({ downloadUrl, url }, context) => (downloadUrl ?? url) || missing('downloadUrl', context),
  ),
);

function missing(name: string, context: z.RefinementCtx): never {
  context.addIssue(`${name} is missing`);
  return z.NEVER;
}

/** Request of an execution, in the form in which it was sent. */
export const requestSchema = enveloped(anyCase({ metadata: z.unknown().optional() }));

/** A page of the history. `nextKey` is text, or the key of a database as JSON. */
export const pageSchema = enveloped(
  anyCase({
    executions: listOf(execution).nullish(),
    items: listOf(execution).nullish(),
    nextKey: z.unknown().optional(),
    nextToken: z.unknown().optional(),
  }).refine(
    ({ executions, items }) => executions !== undefined || items !== undefined,
    'executions is missing',
  ),
);

const yes = z
  .union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')])
  .nullish()
  .catch(undefined);

/** Subscription in version 3, in whichever of its calls. */
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
