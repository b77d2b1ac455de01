import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { formatError } from '../cli/output/errors.js';
import { type AwaitedUpload, type EndedUpload, type UploadClient, UploadFailedError } from '../client.js';
import { UploadError } from '../contract/errors.js';
import { codeOf, type WatchLog } from './log.js';
import type { FileRecord, WatchState } from './state-file.js';

const AGAIN_AFTER_MS = 5_000;

/** An upload whose end is to be told. */
interface OpenUpload extends AwaitedUpload {
  readonly remembered: FileRecord;
}

/** Tells how uploads end, whatever happens meanwhile, and remembers that it was told. */
export class OutcomeReporter {
  readonly #client: UploadClient;
  readonly #memory: WatchState;
  readonly #log: WatchLog;
  readonly #open = new Map<string, OpenUpload>();
  readonly #added = new EventEmitter();
  #fresh: OpenUpload[] = [];

  constructor(client: UploadClient, memory: WatchState, log: WatchLog) {
    this.#client = client;
    this.#memory = memory;
    this.#log = log;
  }

  /** How many have not ended, as far as is known. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Waits for one more.
   *
   * @param shown what to call its file
   */
  add(remembered: FileRecord, shown: string): void {
    const { workflowId } = remembered;
    if (this.#open.has(workflowId)) return;
    const result = () => this.#client.result(workflowId);
    const upload = { workflowId, fileName: shown, state: 'running', result, remembered } as const;
    this.#open.set(workflowId, upload);
    this.#fresh.push(upload);
    this.#added.emit('added');
  }

  /** Tells of each when it has ended, for ever. What goes wrong is told, and tried again. */
  async follow(onTrouble: (error: unknown) => void, onAnswer: () => void): Promise<never> {
    while (true) {
      const given = new AbortController();
      try {
        await this.#askForAny();
        onAnswer();
        for await (const ended of this.#client.asCompleted(this.#uploads(given.signal)))
          await this.#tell(ended);
      } catch (error) {
        onTrouble(error);
      }
      given.abort();
      await sleep(AGAIN_AFTER_MS);
    }
  }

  async #askForAny(): Promise<void> {
    const [any] = this.#open.keys();
    if (any) await this.#client.status(any);
  }

  async *#uploads(signal: AbortSignal): AsyncGenerator<OpenUpload> {
    this.#fresh = [...this.#open.values()];
    while (!signal.aborted) {
      yield* this.#fresh.splice(0);
      if (this.#fresh.length === 0) await once(this.#added, 'added', { signal }).catch(() => {});
    }
  }

  async #tell(upload: EndedUpload): Promise<void> {
    const { workflowId } = upload;
    const remembered = this.#open.get(workflowId)?.remembered;
    await this.#say(upload);
    if (remembered) await this.#memory.note({ ...this.#latest(remembered), stage: 'ended' });
    this.#open.delete(workflowId);
  }

  /** The file may have been touched or moved since. */
  #latest(remembered: FileRecord): FileRecord {
    return this.#memory.of(remembered.path, remembered.sha256) ?? remembered;
  }

  async #say(upload: EndedUpload): Promise<void> {
    const { workflowId, fileName: file, state } = upload;
    try {
      const { executions } = await upload.result();
      const executionIds = executions.map(({ executionId }) => executionId);
      const which = executionIds.map((id) => `, execution ${id}`).join('');
      this.#log.say('done', `${file}: done${which}`, { file, workflowId, executionIds });
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) this.#sayForgotten(upload);
      else if (error instanceof UploadError && state === 'done')
        this.#log.say('done', `${file}: done. ${error.message}`, { file, workflowId });
      else if (error instanceof UploadFailedError || error instanceof UploadError)
        this.#log.complain('failed', `${file}: ${formatError(error)} Upload: ${workflowId}`, {
          file,
          workflowId,
          ...codeOf(error),
        });
      else throw error;
    }
  }

  #sayForgotten({ workflowId, fileName: file }: EndedUpload): void {
    this.#log.complain(
      'failed',
      `${file}: How ${workflowId} ended is not known: Temporal has forgotten it, as its retention is over or it was deleted. Look for the file in Aplos NCA.`,
      { file, workflowId },
    );
  }
}
