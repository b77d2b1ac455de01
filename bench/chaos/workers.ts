import type { WorkerProcess } from '../../sandbox/worker-process.js';
import type { World } from '../../test/support/world.js';
import { pause } from './pause.js';

const HOW_MANY = 2;
/** An upload that hangs is given up soon. In seconds. */
const env = { APLOS_UPLOAD_IDLE_TIMEOUT: '3' };

/** Early, most is under way to be hit; later, what is left needs time to get over the last kill. */
const LONGER_EACH_TIME = 1.25;

/** When workers are killed. */
export interface KillPlan {
  /** Until the first kill: the least and the most, in seconds. Each pause is a quarter longer than the one before. */
  readonly pauseSeconds: readonly [least: number, most: number];
  /** Default: no limit. */
  readonly atMost?: number;
}

/** Two workers, each a process of its own. */
export class Workers {
  readonly #world: World;
  readonly #running: (WorkerProcess | undefined)[] = [];
  #kills = 0;
  #crashes = 0;

  private constructor(world: World) {
    this.#world = world;
  }

  /** Starts both, and waits until they poll. */
  static async start(world: World): Promise<Workers> {
    const workers = new Workers(world);
    for (let index = 0; index < HOW_MANY; index++) await workers.#start(index);
    return workers;
  }

  /** How many have been killed. */
  get kills(): number {
    return this.#kills;
  }

  /** How many have ended by themselves, which none should. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Kills one now and then and replaces it at once, until the signal is aborted. */
  async killNowAndThen(plan: KillPlan, roll: () => number, signal: AbortSignal): Promise<void> {
    const [least, most] = plan.pauseSeconds;
    const { atMost = Number.POSITIVE_INFINITY } = plan;
    const nextPauseMs = () => 1000 * (least + roll() * (most - least)) * LONGER_EACH_TIME ** this.#kills;
    while (this.#kills < atMost && (await pause(nextPauseMs(), signal))) {
      const index = Math.floor(roll() * HOW_MANY);
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
