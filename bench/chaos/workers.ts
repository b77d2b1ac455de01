import type { WorkerProcess } from '../../sandbox/worker-process.js';
import type { World } from '../../test/support/world.js';
import { pause } from './pause.js';

const WORKERS = 2;
/** Aborts a hanging upload soon. */
const env = { APLOS_UPLOAD_IDLE_TIMEOUT: '3' };

/** Factor for each pause. Early kills interrupt most uploads; later, the rest needs time to recover. */
const PAUSE_GROWTH = 1.25;

/** When to kill workers. */
export interface KillPlan {
  /** Minimum and maximum pause before the first kill, in seconds. Each pause is 25% longer than the previous one. */
  readonly pauseSeconds: readonly [min: number, max: number];
  /** Maximum number of kills. Default: no limit. */
  readonly atMost?: number;
}

/** Two workers, each in its own process. */
export class Workers {
  readonly #world: World;
  readonly #running: (WorkerProcess | undefined)[] = [];
  #kills = 0;
  #crashes = 0;

  private constructor(world: World) {
    this.#world = world;
  }

  /** Starts both workers, and waits until they poll. */
  static async start(world: World): Promise<Workers> {
    const workers = new Workers(world);
    for (let index = 0; index < WORKERS; index++) await workers.#start(index);
    return workers;
  }

  /** Number of killed workers. */
  get kills(): number {
    return this.#kills;
  }

  /** Number of workers that exited without being killed. Must be 0. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Kills a random worker repeatedly and replaces it immediately, until the signal is aborted. */
  async killRepeatedly(plan: KillPlan, random: () => number, signal: AbortSignal): Promise<void> {
    const [min, max] = plan.pauseSeconds;
    const { atMost = Number.POSITIVE_INFINITY } = plan;
    const nextPauseMs = () => 1000 * (min + random() * (max - min)) * PAUSE_GROWTH ** this.#kills;
    while (this.#kills < atMost && (await pause(nextPauseMs(), signal))) {
      const index = Math.floor(random() * WORKERS);
      const victim = this.#running[index];
      this.#running[index] = undefined;
      victim?.child.kill('SIGKILL');
      this.#kills++;
      await this.#start(index);
    }
  }

  async #start(index: number): Promise<void> {
    const worker = await this.#world.startWorker(env);
    this.#running[index] = worker;
    worker.child.once('exit', () => {
      if (this.#running[index] === worker) this.#crashes++;
    });
  }
}
