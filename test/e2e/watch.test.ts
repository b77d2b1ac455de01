import { appendFile, copyFile, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../sandbox/servers/free-ports.js';
import { startTemporalDevServer, type TemporalDevServer } from '../../sandbox/servers/temporal.js';
import { requestForFile, UploadClient, workflowIdFor } from '../../src/client.js';
import { parseUploadRequest } from '../../src/contract/request.js';
import { configuration, table } from '../support/tables.js';
import { startWatching } from '../support/watching.js';
import { startWorld, type World } from '../support/world.js';

const DAY_MS = 24 * 60 * 60_000;

const refuseConfiguration = ({ mark }: { mark?: unknown }) =>
  mark === 'refused' ? 'dosing.amount must be more than 0' : undefined;

function tunnelTo(address: string): Server {
  const [host, port] = address.split(':');
  return createServer((from) => {
    const to = connect(Number(port), host);
    from.pipe(to).pipe(from);
    for (const socket of [from, to]) socket.on('error', () => {});
  });
}

describe.concurrent('a watched folder', () => {
  let world: World;
  /** A Temporal that knows nothing. */
  let fresh: TemporalDevServer;
  let config: string;

  beforeAll(async () => {
    [world, fresh] = await Promise.all([
      startWorld({ refuseConfiguration }, { keepsDatabase: false }),
      startTemporalDevServer(),
    ]);
    await world.startWorker();
    config = await world.write('c.json', JSON.stringify(configuration));
  });
  afterAll(() => Promise.all([world?.stop(), fresh?.stop()]));

  async function newFolder(name: string): Promise<{ folder: string; state: string }> {
    const folder = join(world.folder, name);
    await mkdir(folder);
    return { folder, state: join(world.folder, `${name}.jsonl`) };
  }
  const filesOf = (ending: string) => world.sandbox.files.filter(({ fileName }) => fileName.endsWith(ending));
  const storedOf = (ending: string) =>
    filesOf(ending)
      .flatMap(({ fileName, uploads }) => uploads.filter(({ status }) => status === 204).map(() => fileName))
      .sort();
  const chargesOf = (ending: string) => {
    const fileIds = new Set(filesOf(ending).map(({ fileId }) => fileId));
    return world.sandbox.charges.filter(({ fileId }) => fileIds.has(fileId)).length;
  };

  it('has each file stored and started once, however it comes and however often the watch is killed, and again nothing is started once Temporal has forgotten all', async () => {
    const FILES = 12;
    const { folder, state } = await newFolder('killed');
    await mkdir(join(folder, 'site 1'));
    // Longer than a busy machine may let the writer of a file wait.
    const args = [folder, '--config', config, '--state', state, '--settle', '1s'];
    let watching = startWatching(args, world.env);
    const times = async (stage: string) =>
      (await readFile(state, 'utf8')).split(`"stage":"${stage}"`).length - 1;

    const dropping = dropInThreeWays(folder, FILES);
    for (const already of [0, 6]) {
      await vi.waitFor(async () => expect(await times('starting')).toBeGreaterThan(already), {
        timeout: 30_000,
        interval: 2,
      });
      await watching.end('SIGKILL');
      watching = startWatching(args, world.env);
    }
    const paths = await dropping;
    await vi.waitFor(async () => expect(await times('ended')).toBe(FILES), { timeout: 40_000, interval: 50 });
    await watching.end('SIGKILL');

    expect(storedOf('-killed.csv')).toEqual(paths.map((path) => basename(path)).sort());
    expect(chargesOf('-killed.csv')).toBe(FILES);
    for (const { fileId, fileName } of filesOf('-killed.csv')) {
      const path = paths.find((each) => basename(each) === fileName) ?? '';
      const stored = await world.sandbox.storedBytes(fileId);
      expect(stored.equals(await readFile(path)), fileName).toBe(true);
    }

    const env = { ...world.env, TEMPORAL_ADDRESS: fresh.address };
    await world.startWorker(env);
    await writeFile(join(folder, 'new-killed.csv'), table(2_000));
    await utimes(join(folder, 'site 1', '3-killed.csv'), new Date(), new Date());
    await rename(join(folder, '6-killed.csv'), join(folder, 'site 1', '6-killed.csv'));
    watching = startWatching(args, env);
    await watching.says(/new-killed\.csv: done/);
    await watching.says(/3-killed\.csv: not started, as this content was started before under this name/);
    await watching.says(/6-killed\.csv: not started/);
    await watching.end('SIGKILL');
    expect(watching.text().match(/: started/g)).toHaveLength(1);
    expect(chargesOf('-killed.csv')).toBe(FILES + 1);
    expect(filesOf('-killed.csv')).toHaveLength(FILES + 1);
  });

  /** By copy, by rename and in pieces, into two folders. */
  async function dropInThreeWays(folder: string, files: number): Promise<string[]> {
    const paths = [];
    for (let file = 1; file <= files; file++) {
      const content = table(2_000);
      const path = join(folder, file % 2 ? 'site 1' : '.', `${file}-killed.csv`);
      paths.push(path);
      if (file % 3 === 0) {
        await copyFile(await world.write('source.csv', content), path);
      } else if (file % 3 === 1) {
        await writeFile(`${path}.part`, content);
        await rename(`${path}.part`, path);
      } else {
        for (let at = 0; at < content.length; at += 50) {
          await appendFile(path, content.subarray(at, at + 50));
          await sleep(2);
        }
      }
    }
    return paths;
  }

  it('is watched while neither it nor Temporal is there, which is said once, and goes on when they are', async () => {
    const { folder, state } = await newFolder('share');
    await rename(folder, `${folder}-unmounted`);
    const [port = 0] = await freePorts(1);
    const env = { ...world.env, TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
    const watching = startWatching([folder, '--config', config, '--state', state], env);
    await watching.says(/✗ TEMPORAL_UNREACHABLE: [\s\S]*✗ FILE_NOT_FOUND: There is no folder ".*share"/);
    await rename(`${folder}-unmounted`, folder);
    await writeFile(join(folder, 'early.csv'), table(100));
    const tunnel = tunnelTo(world.temporal.address).listen(port, '127.0.0.1');
    await watching.says(/Temporal answers again\.\n[\s\S]*share: is there again\./);
    await watching.says(/early\.csv: done, /);
    await writeFile(join(folder, 'empty.csv'), '');
    await watching.says(/empty\.csv: is empty, waits for data/);
    await writeFile(join(folder, 'empty.csv'), table(100));
    await watching.says(/empty\.csv: done, execution /);
    await writeFile(join(folder, 'empty.csv'), table(300));
    await watching.says(/(empty\.csv: done[\s\S]*){2}/);

    expect(await watching.end('SIGTERM')).toBe(0);
    tunnel.close();
    expect(watching.text()).toMatch(/Stopped\..* The same command goes on where it was\.\n$/);
    for (const said of [/TEMPORAL_UNREACHABLE/g, /There is no folder/g, /is empty/g])
      expect(watching.text().match(said), String(said)).toHaveLength(1);
  });

  it('takes the configuration beside a file, waits for it, and does not start again for one that comes late', async () => {
    const { folder, state } = await newFolder('own');
    const own = (more: object) => JSON.stringify({ ...configuration, ...more });
    const watching = startWatching([folder, '--state', state, '--json'], world.env);
    await writeFile(join(folder, 'waits.csv'), table(100));
    await writeFile(join(folder, 'broken.csv'), table(100));
    await writeFile(join(folder, 'broken.json'), '{"version": ');
    await writeFile(join(folder, 'two.csv'), table(100));
    await writeFile(join(folder, 'two.json'), own({}));
    await writeFile(join(folder, 'two.csv.json'), own({}));
    await watching.says(/waits\.csv: waits for its configuration, waits\.json beside it/);
    await watching.says(/broken\.csv: REQUEST_INVALID: broken\.json is not JSON: /);
    await watching.says(/It is not clear which is its configuration: two\.json or two\.csv\.json/);
    await writeFile(join(folder, 'waits.csv.json'), own({ mark: 'own' }));
    await writeFile(join(folder, 'refused.json'), own({ mark: 'refused' }));
    await writeFile(join(folder, 'refused.csv'), table(100));
    await writeFile(join(folder, 'broken.json'), own({ mark: 'recovered' }));
    await rm(join(folder, 'two.json'));
    for (const name of ['waits', 'broken', 'two'])
      await watching.says(new RegExp(`"event":"done","message":"${name}.csv: done, execution`));
    await watching.says(
      /"failed","message":"refused\.csv: EXECUTION_REFUSED: .*dosing\.amount must be more than 0/,
    );
    await writeFile(join(folder, 'waits.csv.json'), own({ mark: 'changed' }));
    await watching.says(
      /waits\.csv: not started again with waits\.csv\.json, which came or was changed after the start/,
    );
    expect(await watching.end('SIGINT')).toBe(0);

    const marks = world.sandbox.charges.map(({ configuration: asked }) => (asked as { mark?: string }).mark);
    expect(marks.filter(Boolean).sort()).toEqual(['recovered', 'own']);
    const events = watching
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.at(0)).toMatchObject({ event: 'watching', folder, state, remembered: 0 });
    expect(events.find(({ event }) => event === 'failed')).toMatchObject({
      file: 'refused.csv',
      workflowId: expect.stringMatching(/^default:refused\.csv:/),
      code: 'EXECUTION_REFUSED',
    });
    expect(events.find(({ event }) => event === 'problem')).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('settles by asking Temporal what a watch was about to start when it ended', async () => {
    const { folder, state } = await newFolder('starting');
    const executions = [{ label: 'other', configuration }];
    const remembered = async (name: string, at: Date) => {
      const path = join(folder, name);
      await writeFile(path, table(100));
      const request = parseUploadRequest(await requestForFile(path, { executions }));
      const workflowId = workflowIdFor(request);
      const sha256 = request.expect?.sha256;
      const line = { at, stage: 'starting', profile: 'default', workflowId, path, stamp: '', sha256 };
      return { request, workflowId, line: `${JSON.stringify(line)}\n` };
    };
    const never = await remembered('never.csv', new Date());
    const asked = await remembered('asked.csv', new Date());
    const forgotten = await remembered('forgotten.csv', new Date(Date.now() - 2 * DAY_MS));
    await writeFile(state, `${never.line}${forgotten.line}${asked.line}{"at":"2026-11-`);
    await (await UploadClient.connect({ client: world.client })).start(asked.request);

    const watching = startWatching([folder, '--config', config, '--state', state], world.env);
    await watching.says(/never\.csv: started, /);
    await watching.says(/asked\.csv: done, /);
    await watching.says(
      /✗ forgotten.csv: START_UNSETTLED: It is not known whether "forgotten.csv" was started/,
    );
    expect(watching.text()).not.toContain('asked.csv: started');
    await watching.says(/never\.csv: done, /);
    await watching.end('SIGTERM');
    expect(storedOf('forgotten.csv')).toEqual([]);
    expect(chargesOf('asked.csv')).toBe(1);
  });
});
