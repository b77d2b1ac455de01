const KIB = 1024;
const MIB = 1024 * KIB;

/** Maximum size of a successful response in bytes, by what is asked for. */
export const RESPONSE_LIMITS = {
  login: 64 * KIB,
  discovery: 256 * KIB,
  presign: 128 * KIB,
  file: 1 * MIB,
  start: 1 * MIB,
  /** Contains the metadata, which may be almost as large as a request. */
  execution: 4 * MIB,
  subscription: 256 * KIB,
  /** Contains every execution of the user, or a page of them. */
  list: 64 * MIB,
} as const;

/** Kind of response. It limits the size of the response. */
export type ResponseKind = keyof typeof RESPONSE_LIMITS;
