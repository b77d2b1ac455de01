import { setMaxListeners } from 'node:events';
import { z } from 'zod';
import { seededRandom } from './seeded-random.js';

/** Calls that faults can be injected into. `results` is the download of a results zip. */
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
  'config',
  'package',
  'downloadUrl',
  'cancel',
  'subscription',
  'upload',
  'results',
] as const;

/** A call that faults can be injected into. */
export type Route = (typeof ROUTES)[number];

/** When a fault triggers. */
export interface FaultTrigger {
  readonly route: Route;
  /** Number of calls it triggers on. Default: 1. */
  readonly times?: number | 'always';
  /** Number of calls of the route to let pass first. Default: 0. */
  readonly skip?: number;
  /** Probability that the fault triggers on a call, 0 to 1, using the sandbox's seeded random generator. Default: 1. */
  readonly chance?: number;
  /** Delay before the call is handled, in milliseconds; it ends when the faults are removed. Default: 0. */
  readonly delayMs?: number;
}

/** Effect of a fault on a call. */
export type FaultAction =
  | {
      /** Responds with this status. */
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Text or JSON. Default: the usual body of this status. */
      readonly body?: unknown;
      /** True if the call takes effect nevertheless, as with a 504 from a gateway. Default: false. */
      readonly effect?: boolean;
    }
  | {
      /**
       * Responds with status 200 and this body. `html`: the error page of a proxy; the call takes no effect. `truncated`:
       * the first half of the real response; for `results`, of the zip, as if no more were stored. `other-shape`: unexpected JSON; the call takes no effect.
       */
      readonly response: 'html' | 'truncated' | 'other-shape';
    }
  | {
      /**
       * Closes the connection: `before` the call takes effect, `after` it but before the response, or, for an upload or
       * for results, after this number of bytes of the file.
       */
      readonly cut: 'before' | 'after' | number;
    }
  | {
      /**
       * Reads the request and never responds; or, for an upload, stops reading after this number of bytes of the file. The
       * client can still send some megabytes, which the system buffers.
       */
      readonly hang: true | number;
      /** True if the call takes effect nevertheless. Default: false. */
      readonly effect?: boolean;
    }
  | {
      /**
       * Lets something expire. `policy`: the presigned POST that presign issues, or that an upload uses. `token`: the security
       * token in the presigned POST; for `results`, either: the link; for a login, the ID token it issues; for a refresh, the refresh token; on every other
       * route, the ID token of the call.
       */
      readonly expire: 'policy' | 'token';
    }
  | {
      /** For `list`: hides executions younger than this, in milliseconds. */
      readonly lagMs: number;
    }
  | {
      /** For `list`: hides executions that were started after the fault was added. */
      readonly stale: true;
    }
  | {
      /** For `upload` and `results`: changes a byte of the file on its way. */
      readonly corrupt: true;
    }
  | {
      /** For `upload`: S3 responds with this ETag. */
      readonly etag: string;
    }
  | {
      /** Only delays the call, by this number of milliseconds, or until the faults are removed. */
      readonly delayMs: number;
    };

/** Changes nothing. */
export const NO_ACTION: FaultAction = { delayMs: 0 };

/** A fault to inject: when it triggers, and what it does. */
export type Fault = FaultTrigger & FaultAction;

const trigger = {
  route: z.enum(ROUTES),
  times: z.union([z.int().positive(), z.literal('always')]).optional(),
  skip: z.int().nonnegative().optional(),
  chance: z.number().min(0).max(1).optional(),
  delayMs: z.number().nonnegative().optional(),
};

/** Validates a fault that another process sent. */
export const faultSchema: z.ZodType<Fault, unknown> = (
  z.union([
    z.strictObject({
      ...trigger,
      status: z.int().min(200).max(599),
      headers: z.record(z.string(), z.string()).optional(),
      body: z.unknown().optional(),
      effect: z.boolean().optional(),
    }),
    z.strictObject({ ...trigger, response: z.enum(['html', 'truncated', 'other-shape']) }),
    z.strictObject({
      ...trigger,
      cut: z.union([z.literal('before'), z.literal('after'), z.int().nonnegative()]),
    }),
    z.strictObject({
      ...trigger,
      hang: z.union([z.literal(true), z.int().nonnegative()]),
      effect: z.boolean().optional(),
    }),
    z.strictObject({ ...trigger, expire: z.enum(['policy', 'token']) }),
    z.strictObject({ ...trigger, route: z.literal('list'), lagMs: z.number().nonnegative() }),
    z.strictObject({ ...trigger, route: z.literal('list'), stale: z.literal(true) }),
    z.strictObject({ ...trigger, route: z.enum(['upload', 'results']), corrupt: z.literal(true) }),
    z.strictObject({ ...trigger, route: z.literal('upload'), etag: z.string() }),
    z.strictObject({ ...trigger, delayMs: trigger.delayMs.unwrap() }),
  ]) as z.ZodType<Fault, unknown>
).refine(fits, 'this fault is not possible on this route');

function fits(fault: Fault): boolean {
  const { route } = fault;
  const ofS3 = route === 'upload' || route === 'results';
  if ('response' in fault)
    return !ofS3 || fault.response === 'html' || (route === 'results' && fault.response === 'truncated');
  if ('cut' in fault) return ofS3 || typeof fault.cut === 'string';
  if ('hang' in fault) return route === 'upload' || fault.hang === true;
  if ('expire' in fault && route === 'discovery') return false;
  if ('expire' in fault && fault.expire === 'policy') return ofS3 || route === 'presign';
  return true;
}

/** A fault that triggered on a call. */
export interface TriggeredFault {
  readonly fault: Fault;
  /** Time when it was added, by `performance.now()`. */
  readonly addedAt: number;
  /** Aborted when all faults are removed. */
  readonly removed: AbortSignal;
}

/** Pending faults. At most one triggers on a call: the first that was added. */
export class Faults {
  #waiting: (TriggeredFault & { skip: number; left: number })[] = [];
  #removed = newSignal();
  readonly #random: () => number;

  /** @param seed seed of the random generator for faults with a `chance` */
  constructor(seed = 1) {
    this.#random = seededRandom(seed);
  }

  /**
   * Adds a fault.
   *
   * @throws ZodError if the fault is invalid
   */
  add(fault: Fault): void {
    faultSchema.parse(fault);
    const { skip = 0, times = 1 } = fault;
    const left = times === 'always' ? Number.POSITIVE_INFINITY : times;
    const { signal: removed } = this.#removed;
    this.#waiting.push({ fault, addedAt: performance.now(), removed, skip, left });
  }

  /** Removes all faults, and ends the delays of calls on which one has triggered. */
  clear(): void {
    this.#waiting = [];
    this.#removed.abort();
    this.#removed = newSignal();
  }

  /** Faults that have not triggered as often as they should. */
  get waiting(): readonly Fault[] {
    return this.#waiting.map(({ fault }) => fault);
  }

  /** Returns the fault that triggers on a new call of this route, if any. */
  trigger(route: Route): TriggeredFault | undefined {
    for (const each of this.#waiting) {
      if (each.fault.route !== route) continue;
      if (each.skip > 0) {
        each.skip--;
        continue;
      }
      if (this.#random() >= (each.fault.chance ?? 1)) continue;
      each.left--;
      this.#waiting = this.#waiting.filter(({ left }) => left > 0);
      return each;
    }
    return undefined;
  }
}

/** Creates a signal that any number of calls can wait for. */
function newSignal(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
