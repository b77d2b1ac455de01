import { z } from 'zod';
import type { JsonValue } from '../../contract/json.js';
import { parseSha256 } from './option-values.js';

const json: z.ZodType<JsonValue> = z.json();

/** A row of a manifest. The names of its fields are the columns of a CSV file. */
export const manifestRowSchema = z.strictObject(
  {
    file: z
      .string('is missing')
      .describe('Path or URL of the data file. Paths are relative to the manifest.'),
    configuration: z
      .union([z.string(), z.record(z.string(), json)], 'is missing')
      .describe('A JSON file with the configuration of the execution, or the configuration itself.'),
    metadata: json
      .optional()
      .describe('A JSON file with metadata to store with the execution, or the metadata.'),
    label: z
      .string()
      .optional()
      .describe('Label of the execution. Default: the name of the configuration file.'),
    again: z
      .string()
      .optional()
      .describe('Reason to run an analysis again that Aplos already has. Each reason is charged.'),
    sha256: z
      .string()
      .refine((value) => parseSha256(value) !== undefined, 'must be a SHA-256: 64 hex digits')
      .transform((value) => parseSha256(value) ?? value)
      .optional()
      .describe('SHA-256 that the file must have, in 64 hex digits.'),
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be an object' : undefined) },
);
