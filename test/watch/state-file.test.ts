import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultStateFile, type FileRecord, WatchState } from '../../src/watch/state-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const remembered = (more: Partial<FileRecord> = {}): FileRecord => ({
  at: new Date('2026-11-01T10:00:00Z'),
  stage: 'started',
  workflowId: 'default:pk.csv:1',
  path: '/data/pk.csv',
  stamp: '10 1',
  sha256: 'aa',
  configuration: undefined,
  ...more,
});

describe('what a watch remembers', () => {
  async function open(file: string, profile = 'default'): Promise<WatchState> {
    const memory = await WatchState.open(file, profile);
    onTestFinished(() => memory.close());
    return memory;
  }
  const stateFile = async () => join(await temporaryFolder(), 'below', 'watch.jsonl');

  it('is there again after a restart, as it was last', async () => {
    const file = await stateFile();
    const memory = await open(file);
    await memory.note(remembered({ stage: 'starting', configuration: 'cc' }));
    await memory.note(remembered({ configuration: 'cc' }));
    await memory.note(remembered({ path: '/data/other.csv', workflowId: 'default:other.csv:1' }));

    const again = await open(file);
    expect(again.size).toBe(2);
    expect(again.at('/data/pk.csv', '10 1')).toEqual(remembered({ configuration: 'cc' }));
    expect([...again.atStage('starting')]).toEqual([]);
  });

  it('is found by name and content wherever the file lies, and by path while size and time are the same', async () => {
    const memory = await open(await stateFile());
    await memory.note(remembered());
    expect(memory.of('/mnt/elsewhere/pk.csv', 'aa')).toEqual(remembered());
    expect(memory.of('/data/renamed.csv', 'aa')).toBeUndefined();
    expect(memory.of('/data/pk.csv', 'bb')).toBeUndefined();
    expect(memory.at('/data/pk.csv', '10 2')).toBeUndefined();
    await memory.note(remembered({ stamp: '10 2', sha256: 'bb' }));
    expect(memory.at('/data/pk.csv', '10 1')).toBeUndefined();
    expect(memory.of('/data/pk.csv', 'aa')).toEqual(remembered());
  });

  it('is kept for each account by itself', async () => {
    const file = await stateFile();
    await (await open(file, 'site-b')).note(remembered());
    expect((await open(file)).size).toBe(0);
    expect((await open(file, 'site-b')).size).toBe(1);
  });

  it.each([
    ['cut off', '{"at":"2026-11-01T10:0'],
    ['cut off at once', '{"a'],
    ['never written to the disk', '\0\0\0\0'],
  ])('does without a last line that was %s', async (_how, torn) => {
    const file = await stateFile();
    await (await open(file)).note(remembered());
    await appendFile(file, torn);
    const memory = await open(file);
    expect(memory.size).toBe(1);
    await memory.note(remembered({ sha256: 'bb' }));
    expect((await open(file)).size).toBe(2);
  });

  it('is written by two at a time without harm', async () => {
    const file = await stateFile();
    const [one, other] = [await open(file), await open(file)];
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? one : other).note(
          remembered({ sha256: `${index}`, path: `/data/${'x'.repeat(200)}.csv` }),
        ),
      ),
    );
    expect((await open(file)).size).toBe(50);
  });

  it('is never written into another file', async () => {
    const file = join(await temporaryFolder(), 'c.json');
    await writeFile(file, '{"version": "2024-02-22"}');
    await expect(open(file)).rejects.toMatchObject({
      code: 'STATE_FILE_INVALID',
      message: expect.stringMatching(/Line 1 of ".*c\.json" is not one of a watch's memory/),
    });
    expect(await readFile(file, 'utf8')).toBe('{"version": "2024-02-22"}');
  });

  it('has to be on a disk that can be written', async () => {
    await expect(open('/dev/null/watch.jsonl')).rejects.toMatchObject({
      code: 'STATE_FILE_UNWRITABLE',
      message: expect.stringContaining('Name another with --state.'),
    });
    await expect(open('/dev/null')).rejects.toThrow(/cannot be written \(not a regular file\)/);
    const memory = await WatchState.open(await stateFile(), 'default');
    await memory.close();
    await expect(memory.note(remembered())).rejects.toMatchObject({
      code: 'STATE_FILE_UNWRITABLE',
      message: expect.stringContaining('cannot be written (EBADF), so nothing is started'),
    });
    expect(memory.at('/data/pk.csv', '10 1')).toBeUndefined();
  });

  it('lies in the state folder of the user, a file for each watched folder', () => {
    expect(defaultStateFile('/mnt/drop', { XDG_STATE_HOME: '/var/state' })).toMatch(
      /^\/var\/state\/aplos-upload\/watch-drop-[0-9a-f]{12}\.jsonl$/,
    );
    expect(defaultStateFile('/mnt/drop', {})).toMatch(/\/\.local\/state\/aplos-upload\/watch-drop-/);
    expect(defaultStateFile('/mnt/a/drop')).not.toBe(defaultStateFile('/mnt/b/drop'));
  });
});
