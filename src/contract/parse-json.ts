import { z } from 'zod';
import { type JsonLimits, scanJson } from '../util/scan-json.js';
import type { JsonValue } from './json.js';

/**
 * Limits of JSON from outside this program. They are far above real data, and keep a small text from becoming a large object:
 * 20 MiB of brackets would take 1.6 GB.
 */
export const JSON_LIMITS = {
  /** Levels of nested objects and arrays. */
  depth: 500,
  /** Values, including objects and arrays. */
  values: 2_000_000,
} as const;

/** JSON that was not parsed because it exceeds {@link JSON_LIMITS}. */
export class OversizedJsonError extends Error {}

/**
 * Parses JSON from outside this program.
 *
 * @throws {@link OversizedJsonError} before anything is parsed
 * @throws SyntaxError if the text is not JSON
 */
export function parseUntrustedJson(text: string): JsonValue {
  const { oversized } = scanJson(text, { ...JSON_LIMITS, isExact: false });
  if (oversized !== undefined) throw new OversizedJsonError(`JSON that ${oversized}`);
  return JSON.parse(text) as JsonValue;
}

/** Parses JSON from outside this program. Returns `undefined` if the text is not JSON, or exceeds {@link JSON_LIMITS}. */
export function tryParseJson(text: string): JsonValue | undefined {
  try {
    return parseUntrustedJson(text);
  } catch {
    return undefined;
  }
}

/** Parsed JSON, and what parsing it altered or dropped. */
export interface ExactJson {
  readonly value: JsonValue;
  /** Descriptions that start with the path of the problem. The value must not be used if there are any. */
  readonly problems: readonly string[];
}

/**
 * Parses JSON, and reports what JavaScript cannot represent: numbers that would be rounded, and keys that are given more than once.
 *
 * @throws {@link OversizedJsonError} before anything is parsed
 * @throws SyntaxError if the text is not JSON
 */
export function parseExactJson(text: string, limits: JsonLimits): ExactJson {
  const { oversized, problems } = scanJson(text, { ...limits, isExact: true });
  if (oversized !== undefined) throw new OversizedJsonError(oversized);
  return {
    value: JSON.parse(text) as JsonValue,
    problems: problems.map(({ path, problem }) =>
      path.length === 0 ? problem : `${z.core.toDotPath(path)}: ${problem}`,
    ),
  };
}
