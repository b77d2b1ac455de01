import { formatError, printError } from '../cli/output/errors.js';
import { UploadFailedError } from '../client.js';
import { UploadError } from '../contract/errors.js';

/** What a watch tells of. */
export type WatchEvent =
  | 'watching'
  | 'waiting'
  | 'started'
  | 'not-started'
  | 'done'
  | 'failed'
  | 'problem'
  | 'recovered'
  | 'stopped';

/** Facts for programs that read `--json`. */
export type Facts = Readonly<Record<string, unknown>>;

/** What a line is about: where it lies, and what messages call it. */
export interface Subject {
  readonly path: string;
  readonly shown: string;
}

/**
 * Tells what a watch does, a line each: plain, with problems on stderr; or all as JSON on stdout. What stays as it is
 * is told once.
 */
export class WatchLog {
  readonly #json: boolean;
  readonly #troubles = new Set<string>();
  readonly #lastOf = new Map<string, string>();

  constructor(json: boolean) {
    this.#json = json;
  }

  say(event: WatchEvent, message: string, facts: Facts = {}): void {
    if (this.#json) this.#print(event, message, facts);
    else console.log(message);
  }

  complain(event: WatchEvent, message: string, facts: Facts = {}): void {
    if (this.#json) this.#print(event, message, facts);
    else printError(message);
  }

  /** Says of a file what was not the last that was told of it. */
  sayOnce(event: WatchEvent, { path, shown }: Subject, what: string): void {
    const message = `${shown}: ${what}`;
    if (this.#isNews(path, message)) this.say(event, message, { file: shown });
  }

  /** Complains of a file, unless that was the last that was told of it. */
  complainOnce({ path, shown }: Subject, error: unknown): void {
    const message = `${shown}: ${formatError(error)}`;
    if (this.#isNews(path, message)) this.complain('problem', message, { file: shown, ...codeOf(error) });
  }

  /** Forgets what was told of files, but for these paths. */
  keepOnly(isThere: (path: string) => boolean): void {
    for (const path of this.#lastOf.keys()) if (!isThere(path)) this.#lastOf.delete(path);
  }

  /** Complains of what stops everything, once until it is mended. */
  trouble(what: string, error: unknown): void {
    if (this.#troubles.has(what)) return;
    this.#troubles.add(what);
    this.complain('problem', formatError(error), codeOf(error));
  }

  /** Says that a trouble is over, if it was told. */
  mended(what: string, message: string): void {
    if (this.#troubles.delete(what)) this.say('recovered', message);
  }

  #isNews(path: string, message: string): boolean {
    const isNews = this.#lastOf.get(path) !== message;
    this.#lastOf.set(path, message);
    return isNews;
  }

  #print(event: WatchEvent, message: string, facts: Facts): void {
    console.log(JSON.stringify({ at: new Date(), event, message, ...facts }));
  }
}

/** The code of an error, where it has one. */
export const codeOf = (error: unknown): { readonly code?: string } =>
  error instanceof UploadError || error instanceof UploadFailedError ? { code: error.code } : {};
