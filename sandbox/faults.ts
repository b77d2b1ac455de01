import { z } from 'zod';
import { seededRandom } from './seeded-random.js';

/** The calls that can be made to fail. `results` is the download of a results zip. */
export const ROUTES = [
  'discovery',
  'login',
  'refresh',
  'presign',
  'fileState',
  'start',
  'status',
  'list',
  'metrics',
  'upload',
  'results',
] as const;

/** One of the calls that can be made to fail. */
export type Route = (typeof ROUTES)[number];

/** When a fault strikes. */
export interface FaultTrigger {
  readonly route: Route;
  /** How many calls it strikes. Default: 1. */
  readonly times?: number | 'always';
  /** How many calls of the route pass before. Default: 0. */
  readonly skip?: number;
  /** The share of calls that it strikes, 0 to 1, by the sandbox's seeded dice; the others are not counted. Default: 1. */
  readonly chance?: number;
  /** Milliseconds to wait first. Default: 0. */
  readonly delayMs?: number;
}

/** What happens to a call that is triggered: one of these. */
export type FaultAction =
  | {
      /** Answers with this status. */
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Text, or JSON. Default: what the service says with this status. */
      readonly body?: unknown;
      /** The call takes effect all the same, as with a 504 at a gateway. Default: false. */
      readonly effect?: boolean;
    }
  | {
      /**
       * `html`: the page of a proxy in between; no effect. `truncated`: the true answer, broken off in the middle.
       * `other-shape`: JSON that means nothing; no effect. The status is 200.
       */
      readonly answer: 'html' | 'truncated' | 'other-shape';
    }
  | {
      /**
       * Cuts the connection: `before` the effect, `after` it but before the answer, or, for an upload, after as many
       * bytes of the file.
       */
      readonly cut: 'before' | 'after' | number;
    }
  | {
      /**
       * Accepts everything and never answers; or, for an upload, stops reading after as many bytes of the file (what the
       * system buffers, some megabytes, still goes out).
       */
      readonly hang: true | number;
      /** The call takes effect all the same. Default: false. */
      readonly effect?: boolean;
    }
  | {
      /**
       * `policy`: presign hands out a form that has expired; an upload's form has expired. `token`: presign hands out a
       * form whose security token has expired; an upload's security token has expired; a login hands out an id token that
       * has expired; a refresh token has expired; on every other route, the id token of the call has expired.
       */
      readonly expire: 'policy' | 'token';
    }
  | {
      /** For `list`: executions younger than this many milliseconds do not show. */
      readonly lagMs: number;
    }
  | {
      /** For `list`: executions that were started after the fault was added do not show. */
      readonly stale: true;
    }
  | {
      /** For `upload`: a byte of the file changes on its way into S3. */
      readonly corrupt: true;
    }
  | {
      /** For `upload`: S3 answers with this ETag. */
      readonly etag: string;
    }
  | {
      /** Milliseconds to wait first; nothing else happens. */
      readonly delayMs: number;
    };

/** Nothing goes wrong. */
export const NO_ACTION: FaultAction = { delayMs: 0 };

/** Something that goes wrong on request. */
export type Fault = FaultTrigger & FaultAction;

const strikes = {
  route: z.enum(ROUTES),
  times: z.union([z.int().positive(), z.literal('always')]).optional(),
  skip: z.int().nonnegative().optional(),
  chance: z.number().min(0).max(1).optional(),
  delayMs: z.number().nonnegative().optional(),
};

/** Checks a fault that comes from another process. */
export const faultSchema: z.ZodType<Fault, unknown> = (
  z.union([
    z.strictObject({
      ...strikes,
      status: z.int().min(200).max(599),
      headers: z.record(z.string(), z.string()).optional(),
      body: z.unknown().optional(),
      effect: z.boolean().optional(),
    }),
    z.strictObject({ ...strikes, answer: z.enum(['html', 'truncated', 'other-shape']) }),
    z.strictObject({
      ...strikes,
      cut: z.union([z.literal('before'), z.literal('after'), z.int().nonnegative()]),
    }),
    z.strictObject({
      ...strikes,
      hang: z.union([z.literal(true), z.int().nonnegative()]),
      effect: z.boolean().optional(),
    }),
    z.strictObject({ ...strikes, expire: z.enum(['policy', 'token']) }),
    z.strictObject({ ...strikes, route: z.literal('list'), lagMs: z.number().nonnegative() }),
    z.strictObject({ ...strikes, route: z.literal('list'), stale: z.literal(true) }),
    z.strictObject({ ...strikes, route: z.literal('upload'), corrupt: z.literal(true) }),
    z.strictObject({ ...strikes, route: z.literal('upload'), etag: z.string() }),
    z.strictObject({ ...strikes, delayMs: strikes.delayMs.unwrap() }),
  ]) as z.ZodType<Fault, unknown>
).refine(fits, 'this cannot happen on this route');

function fits(fault: Fault): boolean {
  const { route } = fault;
  const ofS3 = route === 'upload' || route === 'results';
  if ('answer' in fault) return !ofS3 || fault.answer === 'html';
  if ('cut' in fault) return route === 'upload' || typeof fault.cut === 'string';
  if ('hang' in fault) return route === 'upload' || fault.hang === true;
  if ('expire' in fault && (route === 'discovery' || route === 'results')) return false;
  if ('expire' in fault && fault.expire === 'policy') return route === 'presign' || route === 'upload';
  return true;
}

/** A fault that triggered. */
export interface TriggeredFault {
  readonly fault: Fault;
  /** When it was added, by `performance.now()`. */
  readonly addedAt: number;
}

/** The faults that are waiting to strike. A call is triggered by at most one: the first that was added. */
export class Faults {
  #waiting: { fault: Fault; addedAt: number; skip: number; left: number }[] = [];
  readonly #dice: () => number;

  /** @param seed of the dice for faults with a `chance` */
  constructor(seed = 1) {
    this.#dice = seededRandom(seed);
  }

  /**
   * Adds a fault.
   *
   * @throws ZodError when it is none
   */
  add(fault: Fault): void {
    faultSchema.parse(fault);
    const { skip = 0, times = 1 } = fault;
    const left = times === 'always' ? Number.POSITIVE_INFINITY : times;
    this.#waiting.push({ fault, addedAt: performance.now(), skip, left });
  }

  /** Forgets all faults. */
  clear(): void {
    this.#waiting = [];
  }

  /** The faults that have not triggered as often as they should. */
  get waiting(): readonly Fault[] {
    return this.#waiting.map(({ fault }) => fault);
  }

  /** What strikes the call that has just come in, if anything. */
  trigger(route: Route): TriggeredFault | undefined {
    for (const each of this.#waiting) {
      if (each.fault.route !== route) continue;
      if (each.skip > 0) {
        each.skip--;
        continue;
      }
      if (this.#dice() >= (each.fault.chance ?? 1)) continue;
      each.left--;
      this.#waiting = this.#waiting.filter(({ left }) => left > 0);
      return each;
    }
    return undefined;
  }
}
