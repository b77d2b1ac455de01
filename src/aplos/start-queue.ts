/** A start that asks to be sent. */
export interface QueuedStart {
  /** Identifies the start among all attempts. */
  readonly key: string;
  /** Lower ones go first. */
  readonly priorityKey: number;
  /** Starts of different keys share the capacity. */
  readonly fairnessKey: string;
  /** When the step was scheduled, in milliseconds since 1970. Older ones go first. */
  readonly sinceMs: number;
}

/** A start that is overdue by this much was cancelled, or its next attempt went to another worker. */
const OVERDUE_MS = 5_000;

/**
 * The starts that wait until Aplos takes more executions, in their order: by priority, then in turn for each fairness key, then
 * by age. They wait in Temporal, so this is only what this worker knows of them.
 */
export class StartQueue {
  readonly #waiting = new Map<string, QueuedStart & { readonly dueMs: number }>();

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Adds a start, or moves it.
   *
   * @param dueMs when it asks again, by `performance.now()`
   */
  add(start: QueuedStart, dueMs: number): void {
    this.#waiting.set(start.key, { ...start, dueMs });
  }

  remove({ key }: QueuedStart): void {
    this.#waiting.delete(key);
  }

  clear(): void {
    this.#waiting.clear();
  }

  /** Removes the starts that have not asked again when they should have. */
  removeOverdue(nowMs: number): void {
    for (const [key, { dueMs }] of this.#waiting) if (dueMs + OVERDUE_MS < nowMs) this.#waiting.delete(key);
  }

  /**
   * Reports whether a start of a higher priority asks again soon.
   *
   * @param untilMs the latest time that is soon, by `performance.now()`
   */
  hasBetter(start: QueuedStart, untilMs: number): boolean {
    for (const other of this.#waiting.values())
      if (other.priorityKey < start.priorityKey && other.dueMs <= untilMs) return true;
    return false;
  }

  /** Returns how many starts go before this one. */
  countBefore(start: QueuedStart): number {
    let better = 0;
    let older = 0;
    const fairnessKeys = new Set([start.fairnessKey]);
    for (const other of this.#waiting.values()) {
      if (other.key === start.key || other.priorityKey > start.priorityKey) continue;
      if (other.priorityKey < start.priorityKey) better++;
      else if (other.fairnessKey !== start.fairnessKey) fairnessKeys.add(other.fairnessKey);
      else if (isOlder(other, start)) older++;
    }
    return better + Math.min(older * fairnessKeys.size, this.#waiting.size);
  }
}

const isOlder = (one: QueuedStart, other: QueuedStart): boolean =>
  one.sinceMs === other.sinceMs ? one.key < other.key : one.sinceMs < other.sinceMs;
