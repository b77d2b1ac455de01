import type { Dependency, OnWatchEvent, WatchEvent } from './events.js';

/** Reports the events of a watch, and does not repeat what has not changed since it was reported. */
export class WatchReporter {
  readonly #onEvent: OnWatchEvent;
  readonly #unavailable = new Set<Dependency>();
  readonly #lastByPath = new Map<string, string>();

  constructor(onEvent: OnWatchEvent) {
    this.#onEvent = onEvent;
  }

  /** Reports an event. */
  report(event: WatchEvent): void {
    this.#onEvent(event);
  }

  /** Reports an event about the file at a path, unless it equals the last one reported for that path. */
  reportOnce(path: string, event: WatchEvent): void {
    const fingerprint = JSON.stringify('error' in event ? { ...event, error: String(event.error) } : event);
    if (this.#lastByPath.get(path) === fingerprint) return;
    this.#lastByPath.set(path, fingerprint);
    this.#onEvent(event);
  }

  /** Forgets what was reported for paths that no longer exist. */
  forgetMissing(exists: (path: string) => boolean): void {
    for (const path of this.#lastByPath.keys()) if (!exists(path)) this.#lastByPath.delete(path);
  }

  /** Reports that a dependency is unavailable, once until it has recovered. */
  unavailable(dependency: Dependency, error: unknown): void {
    if (this.#unavailable.has(dependency)) return;
    this.#unavailable.add(dependency);
    this.#onEvent({ event: 'problem', error });
  }

  /** Reports that a dependency has recovered, if it was reported as unavailable. */
  available(dependency: Dependency): void {
    if (this.#unavailable.delete(dependency)) this.#onEvent({ event: 'recovered', dependency });
  }
}
