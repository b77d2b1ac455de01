import { appendFile, copyFile, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../sandbox/servers/free-ports.js';
import { requestForFile, UploadClient, workflowIdFor } from '../../src/client.js';
import { parseUploadRequest } from '../../src/contract/request.js';
import { jsonLines } from '../support/command.js';
import { newNamespace, startWorld } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';
import { untilListed } from '../support/until-listed.js';
import { startWatching } from '../support/watching.js';
import type { TemporalNamespace, World } from '../support/world.js';

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

describe.concurrent('aplos-upload watch', () => {
  let world: World;
  /** Namespace without any workflows. */
  let fresh: TemporalNamespace;
  let config: string;

  beforeAll(async () => {
    [world, fresh] = await Promise.all([startWorld({ refuseConfiguration }), newNamespace()]);
    await Promise.all([
      world.startWorker(),
      world.startWorker({ ...world.env, TEMPORAL_NAMESPACE: fresh.namespace }),
    ]);
    config = await world.write('c.json', JSON.stringify(configuration));
  });
  afterAll(() => world?.stop());

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

  it('stores and starts each file once although it is killed repeatedly, and starts none again after Temporal has lost its data', {
    tags: ['REQ-05'],
  }, async () => {
    const FILES = 12;
    const { folder, state } = await newFolder('killed');
    await mkdir(join(folder, 'site 1'));
    // Longer than a writer pauses on a busy machine.
    const args = [folder, '--config', config, '--state', state, '--settle', '3s'];
    let watching = startWatching(args, world.env);
    const linesAt = async (stage: string) =>
      (await readFile(state, 'utf8')).split(`"stage":"${stage}"`).length - 1;

    const dropping = dropInThreeWays(folder, FILES);
    for (const startedBefore of [0, 6]) {
      await vi.waitFor(async () => expect(await linesAt('starting')).toBeGreaterThan(startedBefore), {
        timeout: 90_000,
        interval: 2,
      });
      await watching.end('SIGKILL');
      watching = startWatching(args, world.env);
    }
    const paths = await dropping;
    await vi.waitFor(async () => expect(await linesAt('ended')).toBe(FILES), { timeout: 90_000 });
    await watching.end('SIGKILL');

    expect(storedOf('-killed.csv')).toEqual(paths.map((path) => basename(path)).sort());
    expect(chargesOf('-killed.csv')).toBe(FILES);
    for (const { fileId, fileName } of filesOf('-killed.csv')) {
      const path = paths.find((each) => basename(each) === fileName) ?? '';
      const stored = await world.sandbox.storedBytes(fileId);
      expect(stored.equals(await readFile(path)), fileName).toBe(true);
    }

    const env = { ...world.env, TEMPORAL_NAMESPACE: fresh.namespace };
    await writeFile(join(folder, 'new-killed.csv'), table(2_000));
    await utimes(join(folder, 'site 1', '3-killed.csv'), new Date(), new Date());
    await rename(join(folder, '6-killed.csv'), join(folder, 'site 1', '6-killed.csv'));
    watching = startWatching(args, env);
    await watching.prints(/new-killed\.csv: done/);
    await watching.prints(
      /3-killed\.csv: not started, because this content was already started under this name/,
    );
    await watching.prints(/6-killed\.csv: not started/);
    await watching.end('SIGKILL');
    expect(watching.text().match(/: started/g)).toHaveLength(1);
    expect(chargesOf('-killed.csv')).toBe(FILES + 1);
    expect(filesOf('-killed.csv')).toHaveLength(FILES + 1);
  });

  /** Writes files to two folders by copying, by renaming and in pieces. */
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

  /** Puts a whole file in its place at once: a writer that pauses shows an empty one. */
  async function drop(path: string, content: string | Buffer): Promise<void> {
    await rename(await world.write(`dropped-${basename(path)}`, content), path);
  }

  it('reports a missing folder and an unreachable Temporal once, and resumes when they are available', async () => {
    const { folder, state } = await newFolder('share');
    await rename(folder, `${folder}-unmounted`);
    const [port = 0] = await freePorts(1);
    const env = { ...world.env, TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
    const watching = startWatching([folder, '--config', config, '--state', state], env);
    await watching.prints(
      /✗ TEMPORAL_UNREACHABLE: [\s\S]*✗ FOLDER_UNAVAILABLE: The folder ".*share" does not exist/,
    );
    await rename(`${folder}-unmounted`, folder);
    await drop(join(folder, 'early.csv'), table(100));
    const tunnel = tunnelTo(world.temporal.address).listen(port, '127.0.0.1');
    await watching.prints(/Temporal is available again\.\n[\s\S]*The watched folder is available again\./);
    await watching.prints(/early\.csv: done, /);
    await writeFile(join(folder, 'empty.csv'), '');
    await watching.prints(/empty\.csv: is empty, waiting for data/);
    await drop(join(folder, 'empty.csv'), table(100));
    await watching.prints(/empty\.csv: done, execution /);
    await drop(join(folder, 'empty.csv'), table(300));
    await watching.prints(/(empty\.csv: done[\s\S]*){2}/);

    expect(await watching.end('SIGTERM')).toBe(0);
    tunnel.close();
    expect(watching.text()).toMatch(/Stopped\..* Run the same command to resume watching\.\n$/);
    for (const message of [/TEMPORAL_UNREACHABLE/g, /does not exist/g, /is empty/g])
      expect(watching.text().match(message), String(message)).toHaveLength(1);
  });

  it('waits for the configuration next to a file, and does not start the file again if it changes later', async () => {
    const { folder, state } = await newFolder('own');
    const own = (more: object) => JSON.stringify({ ...configuration, ...more });
    const watching = startWatching([folder, '--state', state, '--json'], world.env);
    await writeFile(join(folder, 'waits.csv'), table(100));
    await writeFile(join(folder, 'broken.csv'), table(100));
    await writeFile(join(folder, 'broken.json'), '{"version": ');
    await writeFile(join(folder, 'two.json'), own({}));
    await writeFile(join(folder, 'two.csv.json'), own({}));
    await writeFile(join(folder, 'two.csv'), table(100));
    await watching.prints(/waits\.csv: waiting for its configuration, waits\.json in the same folder/);
    await watching.prints(/broken\.csv: REQUEST_INVALID: broken\.json is not JSON: /);
    await watching.prints(/The file has several configurations: two\.json and two\.csv\.json/);
    await writeFile(join(folder, 'waits.csv.json'), own({ mark: 'own' }));
    await writeFile(join(folder, 'refused.json'), own({ mark: 'refused' }));
    await writeFile(join(folder, 'refused.csv'), table(100));
    await writeFile(join(folder, 'broken.json'), own({ mark: 'fixed' }));
    await rm(join(folder, 'two.json'));
    for (const name of ['waits', 'broken', 'two'])
      await watching.prints(new RegExp(`"event":"done","message":"${name}.csv: done, execution`));
    await watching.prints(
      /"failed","message":"refused\.csv: EXECUTION_REFUSED: .*dosing\.amount must be more than 0/,
    );
    await writeFile(join(folder, 'waits.csv.json'), own({ mark: 'changed' }));
    await watching.prints(
      /waits\.csv: not started again with a configuration that was added or changed after the start .* --config .*waits\.csv\.json/,
    );
    expect(await watching.end('SIGINT')).toBe(0);

    const marks = world.sandbox.charges.map(({ configuration: asked }) => (asked as { mark?: string }).mark);
    expect(marks.filter(Boolean).sort()).toEqual(['fixed', 'own']);
    const events = jsonLines<{ event: string }>(watching.text());
    expect(events.at(0)).toMatchObject({ event: 'watching', folder, stateFile: state, recorded: 0 });
    expect(events.find(({ event }) => event === 'failed')).toMatchObject({
      file: 'refused.csv',
      workflowId: expect.stringMatching(/^default:refused\.csv:/),
      code: 'EXECUTION_REFUSED',
    });
    expect(events.find(({ event }) => event === 'problem')).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('starts nothing that Temporal or Aplos knows if its state file is lost, also with another configuration', async () => {
    const { folder, state } = await newFolder('lost');
    await writeFile(join(folder, 'pk-lost.csv'), table(100));
    const first = startWatching([folder, '--config', config, '--state', state], world.env);
    await first.prints(/pk-lost\.csv: done, execution /);
    await first.end('SIGKILL');
    await writeFile(join(folder, 'pk-lost.json'), JSON.stringify({ ...configuration, mark: 'later' }));
    await untilListed(world, "AplosFileName = 'pk-lost.csv' AND ExecutionStatus = 'Completed'");

    const second = startWatching([folder, '--state', `${state}-2`], world.env);
    await second.prints(/pk-lost\.csv: not started, because this content was already started .* \(done\)/);
    await second.prints(/pk-lost\.csv: not started again with a configuration that was added or changed/);
    await second.end('SIGKILL');

    const env = { ...world.env, TEMPORAL_NAMESPACE: fresh.namespace };
    const third = startWatching([folder, '--state', `${state}-3`], env);
    await third.prints(/pk-lost\.csv: not started, because Aplos already has executions of this content/);
    await third.end('SIGKILL');
    expect(chargesOf('-lost.csv')).toBe(1);
  });

  it('asks Temporal about starts that an earlier watch did not finish', async () => {
    const { folder, state } = await newFolder('starting');
    const executions = [{ label: 'other', configuration }];
    const interruptedStart = async (name: string, at: Date) => {
      const path = join(folder, name);
      await writeFile(path, table(100));
      const request = parseUploadRequest(await requestForFile(path, { executions }));
      const workflowId = workflowIdFor(request);
      const sha256 = request.expect?.sha256;
      const line = { at, stage: 'starting', profile: 'default', workflowId, path, stamp: '', sha256 };
      return { request, workflowId, line: `${JSON.stringify(line)}\n` };
    };
    const never = await interruptedStart('never.csv', new Date());
    const asked = await interruptedStart('asked.csv', new Date());
    const forgotten = await interruptedStart('forgotten.csv', new Date(Date.now() - 2 * DAY_MS));
    await writeFile(state, `${never.line}${forgotten.line}${asked.line}{"at":"2026-11-`);
    await (await UploadClient.connect({ client: world.client })).start(asked.request);

    const watching = startWatching([folder, '--config', config, '--state', state], world.env);
    await watching.prints(/never\.csv: started, /);
    await watching.prints(/asked\.csv: done, /);
    await watching.prints(
      /✗ forgotten.csv: START_UNSETTLED: It is unknown whether "forgotten.csv" was started/,
    );
    expect(watching.text()).not.toContain('asked.csv: started');
    await watching.prints(/never\.csv: done, /);
    await watching.end('SIGTERM');
    expect(storedOf('forgotten.csv')).toEqual([]);
    expect(chargesOf('asked.csv')).toBe(1);
  });
});
