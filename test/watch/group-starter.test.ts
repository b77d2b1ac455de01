import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { UploadClient, UploadPreview, UploadRequestInput, UploadSummary } from '../../src/client.js';
import { UploadError } from '../../src/contract/errors.js';
import type { WatchEvent } from '../../src/watch/events.js';
import { WatchedFolder } from '../../src/watch/folder.js';
import { GroupStarter } from '../../src/watch/group-starter.js';
import { OutcomeReporter } from '../../src/watch/outcomes.js';
import { WatchReporter } from '../../src/watch/reporter.js';
import { WatchStarter } from '../../src/watch/starter.js';
import { WatchState } from '../../src/watch/state-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const configuration = { version: '1' };

/** What Temporal and Aplos know of each file name. */
interface Known {
  readonly uploads?: Readonly<Record<string, Pick<UploadSummary, 'workflowId' | 'state'>>>;
  readonly executions?: Readonly<Record<string, Partial<UploadPreview['analyses'][number]>>>;
  previewError?: UploadError | undefined;
}

/** Starts everything in a folder, again and again, with a client that knows what it is told. */
async function watching(known: Known, ...names: readonly string[]) {
  const root = await temporaryFolder();
  for (const name of names) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), `time,conc\n0,${basename(name)}`);
  }
  const asked: string[][] = [];
  const started: string[] = [];
  const client = {
    status: async () => undefined,
    async *listSameContent({ source }: UploadRequestInput) {
      const upload = known.uploads?.[source.split('/').at(-1) ?? ''];
      if (upload) yield upload;
    },
    async *preview(requests: readonly UploadRequestInput[]) {
      if (requests.length > 0 && known.previewError) throw known.previewError;
      asked.push(requests.map(({ fileName = '' }) => fileName));
      for (const { fileName = '' } of requests)
        yield { analyses: [{ state: 'new', similar: [], ...known.executions?.[fileName] }] };
    },
    start: async ({ fileName = '' }: UploadRequestInput) => {
      started.push(fileName);
      return { state: 'started' };
    },
  } as unknown as UploadClient;
  const stateFile = join(await temporaryFolder(), 'watch.jsonl');
  const state = await WatchState.open(stateFile, 'default');
  onTestFinished(() => state.close());
  const events: WatchEvent[] = [];
  const reporter = new WatchReporter((event) => events.push(event));
  const files = { host: undefined, sharedRoots: [] };
  const request = { profile: 'default', executions: [{ configuration }], metaData: undefined, files };
  const starter = new WatchStarter(client, state, request);
  const outcomes = new OutcomeReporter(client, state, reporter);
  const groups = new GroupStarter({
    starter,
    outcomes,
    reporter,
    shown: (path) => path.slice(root.length + 1),
  });
  const startAll = async () => groups.startAll([...(await new WatchedFolder(root, 0).scan()).dataFiles]);
  const lines = async () =>
    (await readFile(stateFile, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { startAll, asked, started, events, outcomes, lines };
}

describe('GroupStarter', () => {
  it('starts files that nobody knows, and asks Aplos once for all of them', async () => {
    const { startAll, asked, started, events } = await watching({}, 'a.csv', 'b.csv', 'c.csv');
    await startAll();
    expect(started.sort()).toEqual(['a.csv', 'b.csv', 'c.csv']);
    expect(asked).toHaveLength(1);
    expect(events.map(({ event }) => event)).toEqual(['started', 'started', 'started']);
    await startAll();
    expect(started).toHaveLength(3);
    expect(asked.flat()).toHaveLength(3);
  });

  it('starts one of two files with the same name and content', async () => {
    const { startAll, started, events } = await watching({}, 'a/pk.csv', 'b/pk.csv');
    await startAll();
    expect(started).toEqual(['pk.csv']);
    await startAll();
    expect(started).toEqual(['pk.csv']);
    expect(events.map(({ event }) => event).sort()).toContain('not-started');
  });

  it('joins an upload that runs with other analyses, and starts nothing', async () => {
    const uploads = { 'a.csv': { workflowId: 'default:a.csv:1-2', state: 'running' } } as const;
    const { startAll, asked, started, events, outcomes, lines } = await watching({ uploads }, 'a.csv');
    await startAll();
    await startAll();
    expect({ started, asked: asked.flat() }).toEqual({ started: [], asked: [] });
    expect(events).toEqual([
      { event: 'started', file: 'a.csv', workflowId: 'default:a.csv:1-2', state: 'running' },
    ]);
    expect(outcomes.size).toBe(1);
    for (const line of await lines())
      expect(line).toMatchObject({ stage: 'started', workflowId: 'default:a.csv:1-2' });
  });

  it.each(['done', 'failed', 'cancelled'] as const)(
    'starts nothing if Temporal has an upload that is %s',
    async (state) => {
      const uploads = { 'a.csv': { workflowId: 'default:a.csv:1-2', state } };
      const { startAll, started, events, outcomes } = await watching({ uploads }, 'a.csv');
      await startAll();
      await startAll();
      expect(started).toEqual([]);
      expect(events).toEqual([
        expect.objectContaining({ event: 'not-started', reason: 'known-content', state }),
      ]);
      expect(outcomes.size).toBe(0);
    },
  );

  it('starts nothing if Aplos has executions of the file, with these or with other analyses', async () => {
    const execution = { executionId: 'e1', status: 'complete' };
    const executions = {
      'a.csv': { execution },
      'b.csv': { sameFile: [execution] },
      'c.csv': { similar: [execution] },
    };
    const { startAll, started, events } = await watching({ executions }, 'a.csv', 'b.csv', 'c.csv');
    await startAll();
    await startAll();
    expect(started).toEqual(['c.csv']);
    const reported = events.flatMap((event) =>
      event.event === 'not-started' && event.reason === 'known-to-aplos'
        ? [[event.file, ...event.executionIds]]
        : [],
    );
    expect(reported.sort()).toEqual([
      ['a.csv', 'e1'],
      ['b.csv', 'e1'],
    ]);
  });

  it('starts nothing while nobody can tell what Aplos has, reports that once, and starts the files then', async () => {
    const known: Known = { previewError: new UploadError('WORKER_MISSING', 'No worker is running') };
    const { startAll, started, events } = await watching(known, 'a.csv');
    await startAll();
    await startAll();
    expect(started).toEqual([]);
    expect(events).toMatchObject([{ event: 'problem', error: { code: 'WORKER_MISSING' } }]);
    known.previewError = undefined;
    await startAll();
    expect(started).toEqual(['a.csv']);
    expect(events.slice(1)).toMatchObject([
      { event: 'recovered', dependency: 'earlier-work' },
      { event: 'started' },
    ]);
  });
});
