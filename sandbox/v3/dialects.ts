/**
 * Source that a response of version 3 follows, where they disagree.
 *
 * - `r`: the vendor's client for R. Form fields in camelCase; ends on `succeeded`.
 * - `s`: the older classes of the vendor's SDK for Python. The shapes of version 1 inside the envelope; ends on `complete`.
 * - `g`: the client that is generated from the vendor's OpenAPI. 201, paths below `/api`, errors as objects.
 * - `f`: the framework of the service. Every key in camelCase, also in what the caller sent; errors as text with a code.
 * - `bare`: like `r`, without the envelope.
 */
export const DIALECTS = ['r', 's', 'g', 'f', 'bare'] as const;

/** See {@link DIALECTS}. */
export type DialectName = (typeof DIALECTS)[number];

/** How a dialect responds. */
export interface Dialect {
  readonly hasEnvelope: boolean;
  /** Status of a successful presign and start. */
  readonly created: 200 | 201;
  readonly presign: 'v1' | 'v3';
  /** True if the names of form fields are in camelCase. */
  readonly camelFields: boolean;
  /** True if every key is in camelCase, also in what the caller sent. */
  readonly camelKeys: boolean;
  /** True if a presign must name its category. */
  readonly needsCategory: boolean;
  readonly executionId: 'executionId' | 'execution_id';
  readonly queued: string;
  readonly succeeded: 'succeeded' | 'complete';
  /** Query parameters that may hold the key of the next page. */
  readonly pageKey: 'start_key' | 'nextToken';
  readonly error: 'object' | 'text';
  /** Path between the host and `/v3`. */
  readonly basePath: '' | '/api';
}

const r: Dialect = {
  hasEnvelope: true,
  created: 200,
  presign: 'v3',
  camelFields: true,
  camelKeys: false,
  needsCategory: true,
  executionId: 'executionId',
  queued: 'queued',
  succeeded: 'succeeded',
  pageKey: 'start_key',
  error: 'object',
  basePath: '',
};

/** All dialects. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  r,
  s: {
    ...r,
    presign: 'v1',
    camelFields: false,
    needsCategory: false,
    executionId: 'execution_id',
    succeeded: 'complete',
    pageKey: 'nextToken',
  },
  g: { ...r, created: 201, camelFields: false, needsCategory: false, basePath: '/api' },
  f: { ...r, camelKeys: true, queued: 'pending', error: 'text' },
  bare: { ...r, hasEnvelope: false },
};
