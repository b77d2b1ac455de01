import type { Dependency, OnWatchEvent, WatchEvent } from './events.js';
import { outageFrom } from './outages.js';

/** Reports the events of a watch, and does not repeat what has not changed since it was reported. */
export class WatchReporter {
  readonly #onEvent: OnWatchEvent;
  readonly #unavailable = new Set<Dependency>();
  /** Events that were reported, by path. */
  readonly #reported = new Map<string, Set<string>>();

  constructor(onEvent: OnWatchEvent) {
    this.#onEvent = onEvent;
  }

  /** Reports an event. */
  report(event: WatchEvent): void {
    this.#onEvent(event);
  }

  /** Reports an event about the file at a path, unless it was reported since the file appeared or was last started. */
  reportOnce(path: string, event: WatchEvent): void {
    const fingerprint = JSON.stringify('error' in event ? { ...event, error: String(event.error) } : event);
    const reported = this.#reported.get(path) ?? new Set();
    if (reported.has(fingerprint)) return;
    this.#reported.set(path, reported.add(fingerprint));
    this.#onEvent(event);
  }

  /** Forgets what was reported for a path, because its file was started. */
  forget(path: string): void {
    this.#reported.delete(path);
  }

  /** Forgets what was reported for paths that no longer exist. */
  forgetMissing(exists: (path: string) => boolean): void {
    for (const path of this.#reported.keys()) if (!exists(path)) this.#reported.delete(path);
  }

  /** Reports that a dependency is unavailable, once until it has recovered. */
  unavailable(dependency: Dependency, error: unknown): void {
    if (this.#unavailable.has(dependency)) return;
    this.#unavailable.add(dependency);
    this.#onEvent({ event: 'problem', error });
  }

  /** Reports an error: as the outage that it reveals, or else as one of a dependency. */
  failure(dependency: Dependency, error: unknown): void {
    const outage = outageFrom(error);
    this.unavailable(outage?.dependency ?? dependency, outage?.error ?? error);
  }

  /**
   * Reports an error of one file, or the outage that it reveals.
   *
   * @param file what to call the file
   */
  fileFailure(path: string, file: string, error: unknown): void {
    const outage = outageFrom(error);
    if (outage) this.unavailable(outage.dependency, outage.error);
    else this.reportOnce(path, { event: 'problem', file, error });
  }

  /** Reports that a dependency has recovered, if it was reported as unavailable. */
  available(dependency: Dependency): void {
    if (this.#unavailable.delete(dependency)) this.#onEvent({ event: 'recovered', dependency });
  }
}
