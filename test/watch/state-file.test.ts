import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { userName } from '../../src/util/user-name.js';
import { defaultStateFile } from '../../src/watch/default-state-file.js';
import { type FileRecord, WatchState } from '../../src/watch/state-file.js';
import { becomeOrdinaryUser } from '../support/ordinary-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const recordWith = (more: Partial<FileRecord> = {}): FileRecord => ({
  at: new Date('2026-11-01T10:00:00Z'),
  stage: 'started',
  workflowId: 'default:pk.csv:1',
  path: '/data/pk.csv',
  stamp: '10 1',
  sha256: 'aa',
  configuration: undefined,
  ...more,
});

describe('WatchState', () => {
  async function open(file: string, profile = 'default'): Promise<WatchState> {
    const state = await WatchState.open(file, profile);
    onTestFinished(() => state.close());
    return state;
  }
  const stateFile = async () => join(await temporaryFolder(), 'below', 'watch.jsonl');

  it('returns the latest records after a restart', async () => {
    const file = await stateFile();
    const state = await open(file);
    await state.save(recordWith({ stage: 'starting', configuration: 'cc' }));
    await state.save(recordWith({ configuration: 'cc' }));
    await state.save(recordWith({ path: '/data/other.csv', workflowId: 'default:other.csv:1' }));

    const again = await open(file);
    expect(again.size).toBe(2);
    expect(again.findByPath('/data/pk.csv', '10 1')).toEqual(recordWith({ configuration: 'cc' }));
    expect([...again.atStage('starting')]).toEqual([]);
  });

  it('finds a record by name and content in any folder, and by path while the version is unchanged', async () => {
    const state = await open(await stateFile());
    await state.save(recordWith());
    expect(state.findByContent('/mnt/elsewhere/pk.csv', 'aa')).toEqual(recordWith());
    expect(state.findByContent('/data/renamed.csv', 'aa')).toBeUndefined();
    expect(state.findByContent('/data/pk.csv', 'bb')).toBeUndefined();
    expect(state.findByPath('/data/pk.csv', '10 2')).toBeUndefined();
    await state.save(recordWith({ stamp: '10 2', sha256: 'bb' }));
    expect(state.findByPath('/data/pk.csv', '10 1')).toBeUndefined();
    expect(state.findByContent('/data/pk.csv', 'aa')).toEqual(recordWith());
  });

  it('keeps the records of each account separate', async () => {
    const file = await stateFile();
    await (await open(file, 'site-b')).save(recordWith());
    expect((await open(file)).size).toBe(0);
    expect((await open(file, 'site-b')).size).toBe(1);
  });

  it.each([
    ['truncated', '{"at":"2026-11-01T10:0'],
    ['truncated after a few bytes', '{"a'],
    [
      'truncated within a character',
      Buffer.from('{"at":"2026-11-01T10:00:00.000Z","path":"/é').subarray(0, -1),
    ],
    ['never written to disk', '\0\0\0\0'],
  ])('ignores a last line that was %s', async (_how, torn) => {
    const file = await stateFile();
    await (await open(file)).save(recordWith());
    await appendFile(file, torn);
    const state = await open(file);
    expect(state.size).toBe(1);
    await state.save(recordWith({ sha256: 'bb' }));
    expect((await open(file)).size).toBe(2);
  });

  it('can be written by two processes at the same time', async () => {
    const file = await stateFile();
    const [one, other] = [await open(file), await open(file)];
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? one : other).save(
          recordWith({ sha256: `${index}`, path: `/data/${'x'.repeat(200)}.csv` }),
        ),
      ),
    );
    expect((await open(file)).size).toBe(50);
  });

  it('keeps a record with any path, also before bytes that were never written to disk', async () => {
    const file = await stateFile();
    const path = '/data/Größe\u2028·血漿 🧪.csv';
    await (await open(file)).save(recordWith({ path }));
    const line = await readFile(file, 'utf8');
    await writeFile(file, `\ufeff${line.trimEnd()}\0\0\0`);
    expect((await open(file)).findByContent(path, 'aa')).toEqual(recordWith({ path }));
  });

  it.each<[encoding: string, content: Buffer, problem: RegExp]>([
    [
      'UTF-16',
      Buffer.from('{"at":"2026-11-01T10:00:00.000Z"}', 'utf16le'),
      /is UTF-16 .* from line 1 on, not UTF-8/,
    ],
    [
      'Latin-1',
      Buffer.from('\n{"at":"2026-11-01T10:00:00.000Z","path":"/\xe9"}', 'latin1'),
      /is not UTF-8 in line 2/,
    ],
  ])('refuses a file in %s', async (_encoding, content, problem) => {
    const file = join(await temporaryFolder(), 'watch.jsonl');
    await writeFile(file, content);
    await expect(open(file)).rejects.toMatchObject({
      code: 'STATE_FILE_INVALID',
      message: expect.stringMatching(problem),
    });
  });

  it.each([
    ['a stage of a later version', { stage: 'paused' }],
    ['another type', { sha256: 7 }],
    ['a missing field', { stamp: undefined }],
    ['a time in another form', { at: '2026-01-31' }],
  ])('refuses a whole line with %s, instead of forgetting the upload', async (_what, change) => {
    const file = await stateFile();
    await (await open(file)).save(recordWith());
    const line = JSON.parse(await readFile(file, 'utf8'));
    await appendFile(file, `${JSON.stringify({ ...line, ...change })}\n`);
    await expect(open(file)).rejects.toMatchObject({
      code: 'STATE_FILE_INVALID',
      message: expect.stringMatching(/Line 2 of ".*" is not a line of a state file of this version\./),
    });
  });

  it('refuses a file that is not a state file, and leaves it unchanged', async () => {
    const file = join(await temporaryFolder(), 'c.json');
    await writeFile(file, '{"version": "2024-02-22"}');
    await expect(open(file)).rejects.toMatchObject({
      code: 'STATE_FILE_INVALID',
      message: expect.stringMatching(/Line 1 of ".*c\.json" is not a line of a state file/),
    });
    expect(await readFile(file, 'utf8')).toBe('{"version": "2024-02-22"}');
  });

  it('throws if the file cannot be written', async () => {
    await expect(open('/dev/null/watch.jsonl')).rejects.toMatchObject({
      code: 'STATE_FILE_UNWRITABLE',
      message: expect.stringContaining('Name another file with --state.'),
    });
    await expect(open('/dev/null')).rejects.toThrow(/cannot be written \(not a regular file\)/);
    const state = await WatchState.open(await stateFile(), 'default');
    await state.close();
    await expect(state.save(recordWith())).rejects.toMatchObject({
      code: 'STATE_FILE_UNWRITABLE',
      message: expect.stringMatching(
        /No upload is started, because the state file .* cannot be written \(EBADF\)/,
      ),
    });
    expect(state.findByPath('/data/pk.csv', '10 1')).toBeUndefined();
  });
});

describe('defaultStateFile', () => {
  it('returns one file per watched folder, in the state directory of the user', () => {
    expect(defaultStateFile('/mnt/drop', { XDG_STATE_HOME: '/var/state' })).toMatch(
      /^\/var\/state\/aplos-upload\/watch-drop-[0-9a-f]{12}\.jsonl$/,
    );
    expect(defaultStateFile('/mnt/drop', {})).toMatch(/\/\.local\/state\/aplos-upload\/watch-drop-/);
    expect(defaultStateFile('/mnt/a/drop')).not.toBe(defaultStateFile('/mnt/b/drop'));
  });

  it.runIf(process.geteuid?.() === 0)(
    'names the option to give if the user has no name and no home directory',
    () => {
      vi.stubEnv('HOME', undefined);
      onTestFinished(() => void vi.unstubAllEnvs());
      becomeOrdinaryUser(54_321);
      expect(() => defaultStateFile('/mnt/drop', {})).toThrow(
        /has no home directory .* Name a file with --state/,
      );
      expect(defaultStateFile('/mnt/drop', { XDG_STATE_HOME: '/var/state' })).toContain('/var/state/');
      expect(userName()).toBe('unknown');
    },
  );

  it.runIf(process.geteuid?.() === 0)(
    'names the option to give if the home directory does not exist',
    async () => {
      vi.stubEnv('HOME', '/nonexistent');
      onTestFinished(() => void vi.unstubAllEnvs());
      becomeOrdinaryUser();
      await expect(WatchState.open(defaultStateFile('/mnt/drop', {}), 'default')).rejects.toMatchObject({
        code: 'STATE_FILE_UNWRITABLE',
        message: expect.stringMatching(
          /"\/nonexistent\/.*" cannot be written \(EACCES\)\. Name another file with --state/,
        ),
      });
    },
  );

  it('reads back the identity of a watched folder', async () => {
    const file = join(await temporaryFolder(), 'watch.jsonl');
    const state = await WatchState.open(file, 'default');
    const identity = { mountPoint: '/mnt', inode: '2' };
    await state.saveFolder('/mnt/drop', identity);
    await state.saveFolder('/mnt/drop', identity);
    await state.saveFolder('/mnt/drop/site', { mountPoint: '/mnt/drop/site', inode: '' });
    await state.close();
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(2);
    const again = await WatchState.open(file, 'other');
    onTestFinished(() => again.close());
    expect(again.folderIdentity('/mnt/drop')).toMatchObject(identity);
    expect(again.folderIdentity('/mnt/else')).toBeUndefined();
    expect(again.mountPointsBelow('/mnt/drop')).toEqual(['/mnt/drop/site']);
  });
});
