import type { WorkerProcess } from '../../sandbox/worker-process.js';
import type { World } from '../../test/support/world.js';
import { pause } from './pause.js';

const WORKERS = 2;
/** Aborts a hanging upload soon. */
const env = { APLOS_UPLOAD_IDLE_TIMEOUT: '3' };

/** Factor for each pause. Early disruptions interrupt most uploads; later, the rest needs time to recover. */
const PAUSE_GROWTH = 1.25;

type Range = readonly [min: number, max: number];

/** When to disrupt workers. */
export interface DisruptionPlan {
  /** Minimum and maximum pause before the first time, in seconds. Each pause is 25% longer than the previous one. */
  readonly pauseSeconds: Range;
  /** How often at most; in the whole run, so often. Default: no limit. */
  readonly atMost?: number;
}

/** When to suspend workers, and for how long. */
export interface FreezePlan extends DisruptionPlan {
  readonly forSeconds: Range;
}

/** Two workers, each in its own process. */
export class Workers {
  readonly #world: World;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running: (WorkerProcess | undefined)[] = [];
  #kills = 0;
  #freezes = 0;
  #crashes = 0;

  private constructor(world: World, more: NodeJS.ProcessEnv) {
    this.#world = world;
    this.#env = { ...env, ...more };
  }

  /**
   * Starts both workers, and waits until they poll.
   *
   * @param more additional variables for their environment
   */
  static async start(world: World, more: NodeJS.ProcessEnv = {}): Promise<Workers> {
    const workers = new Workers(world, more);
    for (let index = 0; index < WORKERS; index++) await workers.#start(index);
    return workers;
  }

  /** Number of killed workers. */
  get kills(): number {
    return this.#kills;
  }

  /** Number of workers that were suspended and continued. */
  get freezes(): number {
    return this.#freezes;
  }

  /** Number of workers that exited without being killed. Must be 0. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Kills a random worker repeatedly and replaces it immediately, until the signal is aborted. */
  async killRepeatedly(plan: DisruptionPlan, random: () => number, signal: AbortSignal): Promise<void> {
    const { pauseSeconds, atMost = Number.POSITIVE_INFINITY } = plan;
    while (this.#kills < atMost && (await pause(pauseMs(pauseSeconds, random, this.#kills), signal))) {
      const index = Math.floor(random() * WORKERS);
      const victim = this.#running[index];
      this.#running[index] = undefined;
      victim?.child.kill('SIGKILL');
      this.#kills++;
      await this.#start(index);
    }
  }

  /** Suspends a random worker repeatedly, and continues it, until the signal is aborted. The other one takes over meanwhile. */
  async freezeRepeatedly(plan: FreezePlan, random: () => number, signal: AbortSignal): Promise<void> {
    const { pauseSeconds, forSeconds, atMost = Number.POSITIVE_INFINITY } = plan;
    while (this.#freezes < atMost && (await pause(pauseMs(pauseSeconds, random, this.#freezes), signal))) {
      const chosen = this.#running[Math.floor(random() * WORKERS)];
      const victim = chosen ?? this.#running.find((worker) => worker !== undefined); // it may just be replaced
      victim?.child.kill('SIGSTOP');
      await pause(pauseMs(forSeconds, random), signal);
      victim?.child.kill('SIGCONT');
      this.#freezes++;
    }
  }

  async #start(index: number): Promise<void> {
    const worker = await this.#world.startWorkerProcess(this.#env);
    this.#running[index] = worker;
    worker.child.once('exit', () => {
      if (this.#running[index] === worker) this.#crashes++;
    });
  }
}

const pauseMs = ([min, max]: Range, random: () => number, times = 0): number =>
  1000 * (min + random() * (max - min)) * PAUSE_GROWTH ** times;
