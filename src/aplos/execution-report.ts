import { z } from 'zod';
import { anyCase } from './any-case.js';
import type { ExecutionReport } from './api.js';
import { FIELD_LIMITS, messagesSchema, numberSchema, wordSchema } from './fields.js';
import { timeOf } from './time-of.js';

/** Parts of an execution from which its report is read. Lists keep them unread, because few reports are wanted. */
export interface ReportParts {
  readonly phase?: unknown;
  /** Counts of phases, and a percentage. */
  readonly progress?: unknown;
  readonly warnings?: unknown;
  /** Time of the end. */
  readonly completedAt?: unknown;
  /** Duration in seconds. */
  readonly seconds?: unknown;
  readonly engineVersions?: unknown;
}

const word = wordSchema.optional().catch(undefined);
const count = numberSchema
  .optional()
  .catch(undefined)
  .transform((value) => (value !== undefined && value >= 0 ? value : undefined));

const reportSchema = z.object({
  phase: word,
  progress: anyCase({ completedPhases: count, totalPhases: count, percent: count })
    .optional()
    .catch(undefined),
  warnings: messagesSchema.catch([]),
  completedAt: z.union([wordSchema, z.number()]).optional().catch(undefined),
  seconds: count,
  engineVersions: z
    .record(wordSchema, z.union([wordSchema, z.number().transform(String)]))
    .transform((versions) => Object.fromEntries(Object.entries(versions).slice(0, FIELD_LIMITS.messages)))
    .optional()
    .catch(undefined),
});

/** Reads the report of an execution. What is malformed is left out: it must not hide that the execution has ended. */
export function readReport(parts: ReportParts): ExecutionReport {
  const { phase, progress, warnings, completedAt, seconds, engineVersions = {} } = reportSchema.parse(parts);
  const endedMs = timeOf(completedAt);
  return {
    ...(phase === undefined ? {} : { phase }),
    ...withoutUndefined(progress ?? {}),
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(endedMs === undefined ? {} : { completedAt: new Date(endedMs).toISOString() }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(Object.keys(engineVersions).length > 0 ? { engineVersions } : {}),
  };
}

const withoutUndefined = (values: Readonly<Record<string, number | undefined>>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
