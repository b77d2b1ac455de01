import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readJobs } from '../../src/cli/input/jobs.js';
import { checkFileJob, createFileJob } from '../../src/client/file-job.js';
import { FILE_TYPES } from '../../src/contract/names.js';
import { filesIn, filesMatching } from '../../src/files/data-files.js';
import { whileListed } from '../../src/files/listing.js';
import type { Walk } from '../../src/files/walk.js';
import { becomeOrdinaryUser } from '../support/ordinary-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Creates files, each with one byte. */
async function folderWith(...names: readonly string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of names) await write(join(folder, name));
  return folder;
}

async function write(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'x');
}

const pathsIn = (folder: string, { files }: Walk) => files.map(({ path }) => relative(folder, path)).sort();
const problemsOf = ({ problems }: Walk) =>
  problems.map(({ error }) => `${error.code}: ${error.happened}`).sort();
const shared = { host: undefined, sharedRoots: [] };
const walkOf = (folder: string) => filesIn(folder, FILE_TYPES);

describe('filesIn', () => {
  it('lists the files of five folders that link to each other once, under their own paths', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const folder = await folderWith(...names.map((name) => `${name}/pk-${name}.csv`));
    for (const name of names)
      for (const other of names)
        if (name !== other) await symlink(join(folder, other), join(folder, name, `to-${other}`));
    const found = await walkOf(folder);
    expect(pathsIn(folder, found)).toEqual(names.map((name) => `${name}/pk-${name}.csv`));
    expect(found.repeats).toHaveLength(20);
    expect(found.problems).toEqual([]);
  });

  it('reports a file whose extension is hidden by white space', async () => {
    const folder = await folderWith('pk.csv', 'pk2.csv ', 'pk3.CSV\u00a0', 'notes.txt ', 'cohort .csv');
    const found = await walkOf(folder);
    expect(pathsIn(folder, found)).toEqual(['cohort .csv', 'pk.csv']);
    expect(problemsOf(found)).toEqual([
      expect.stringMatching(/^FILE_NAME_INVALID: The name of ".*\/pk2\.csv " ends with white space/),
      expect.stringMatching(/^FILE_NAME_INVALID: The name of ".*\/pk3\.CSV\u00a0"/),
    ]);
  });

  it('ends in loops of links, and reports a link that leads back to itself', async () => {
    const folder = await folderWith('site/pk.csv');
    await symlink('..', join(folder, 'site', 'up'));
    await symlink('.', join(folder, 'self'));
    await symlink('two.csv', join(folder, 'one.csv'));
    await symlink('one.csv', join(folder, 'two.csv'));
    const found = await walkOf(folder);
    expect(pathsIn(folder, found)).toEqual(['site/pk.csv']);
    expect(problemsOf(found)).toEqual([
      expect.stringMatching(
        /^LINK_BROKEN: The link ".*\/one\.csv" leads to "two\.csv", which leads back to it$/,
      ),
      expect.stringMatching(/^LINK_BROKEN: The link ".*\/two\.csv"/),
    ]);
  });

  it('follows links out of the folder, and prefers folders to files and real paths to links', async () => {
    const outside = await folderWith('pk.csv', 'deep/pk.csv');
    const folder = await folderWith('real.csv');
    await symlink(join(outside, 'pk.csv'), join(folder, 'a.csv'));
    await symlink(outside, join(folder, 'b'));
    await symlink(join(outside, 'deep'), join(folder, 'c'));
    await symlink('real.csv', join(folder, '0.csv'));
    const found = await walkOf(folder);
    expect(pathsIn(folder, found)).toEqual(['b/pk.csv', 'c/pk.csv', 'real.csv']);
    expect(
      found.repeats.map(({ path, sameAs }) => [relative(folder, path), relative(folder, sameAs)]),
    ).toEqual([
      ['0.csv', 'real.csv'],
      ['a.csv', 'b/pk.csv'],
      ['b/deep', 'c'],
    ]);
  });

  it('takes two hard links as two files', async () => {
    const folder = await folderWith('a.csv');
    await link(join(folder, 'a.csv'), join(folder, 'b.csv'));
    expect(pathsIn(folder, await walkOf(folder))).toEqual(['a.csv', 'b.csv']);
  });

  it('names each link to nowhere and each name that is not UTF-8', async () => {
    const folder = await folderWith('pk.csv');
    await symlink('gone', join(folder, 'site'));
    await symlink('/nowhere/pk.csv', join(folder, 'dead.csv'));
    await symlink('gone', join(folder, '.hidden'));
    const invalid = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
    await writeFile(invalid('M\xfcller.csv'), 'x');
    await writeFile(invalid('notes-\xff.txt'), 'x');
    await mkdir(invalid('caf\xe9'));
    const found = await walkOf(folder);
    expect(pathsIn(folder, found)).toEqual(['pk.csv']);
    expect(problemsOf(found)).toEqual([
      `FILE_NAME_INVALID: The name of "${folder}/M\\xfcller.csv" is not valid UTF-8`,
      `FILE_NAME_INVALID: The name of "${folder}/caf\\xe9" is not valid UTF-8`,
      `LINK_BROKEN: The link "${folder}/dead.csv" leads to "/nowhere/pk.csv", which does not exist`,
      `LINK_BROKEN: The link "${folder}/site" leads to "gone", which does not exist`,
    ]);
  });

  it('lists no sockets and pipes', async () => {
    const folder = await folderWith('pk.csv');
    execFileSync('mkfifo', [join(folder, 'pipe.csv')]);
    const server = createServer().listen(join(folder, 'socket.csv'));
    onTestFinished(() => void server.close());
    await symlink('/dev/null', join(folder, 'device.csv'));
    const found = await walkOf(folder);
    expect(pathsIn(folder, found)).toEqual(['pk.csv']);
    expect(found.problems).toEqual([]);
  });

  it('names folders that may not be listed, entered or followed into, and lists the rest', async () => {
    const folder = await folderWith('open/pk.csv', 'closed/pk.csv', 'listed/pk.csv');
    const outside = await folderWith('pk.csv');
    const config = join(await folderWith('c'), 'c.json');
    await writeFile(config, '{"version": "1"}');
    await chmod(dirname(config), 0o755);
    const options = { profile: 'default', config: [config] };
    await symlink(outside, join(folder, 'link'));
    await symlink(join(folder, 'closed/pk.csv'), join(folder, 'file.csv'));
    for (const [name, mode] of [
      ['closed', 0o311],
      ['listed', 0o444],
    ] as const)
      await chmod(join(folder, name), mode);
    await chmod(folder, 0o755);
    await chmod(outside, 0o000);
    becomeOrdinaryUser();
    const found = await walkOf(folder);
    expect(problemsOf(found)).toEqual([
      `FOLDER_UNREADABLE: There is no permission to list the folder "${folder}/closed", so the files in it are not known`,
      `FOLDER_UNREADABLE: There is no permission to list the folder "${folder}/link", so the files in it are not known`,
    ]);
    expect(pathsIn(folder, found)).toEqual(['file.csv', 'listed/pk.csv', 'open/pk.csv']);
    await expect(readJobs([join(folder, 'listed')], options, shared)).rejects.toMatchObject({
      problems: [
        expect.stringMatching(
          /: FILE_UNREADABLE: There is no permission to read the file ".*listed\/pk\.csv"/,
        ),
      ],
      hint: [expect.stringContaining('--skip-unreadable')],
    });
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => written.mockRestore());
    const jobs = await readJobs([folder], { ...options, skipUnreadable: true }, shared);
    expect(jobs.map(({ location }) => relative(folder, location))).toEqual(['file.csv', 'open/pk.csv']);
    expect(written.mock.calls.map(([line]) => /[A-Z_]{9,}/.exec(String(line))?.[0]).sort()).toEqual([
      ...['FILE_UNREADABLE', 'FOLDER_UNREADABLE', 'FOLDER_UNREADABLE'],
    ]);
    await expect(
      readJobs([join(folder, 'listed')], { ...options, skipUnreadable: true }, shared),
    ).rejects.toMatchObject({ problems: ['None of the files can be read.'] });
  });
});

describe('checkFileJob', () => {
  it('tells a link to nowhere from a file that does not exist', async () => {
    const folder = await folderWith('pk.csv');
    await symlink('gone', join(folder, 'dead.csv'));
    const check = (name: string) =>
      checkFileJob(createFileJob(join(folder, name), [], { profile: 'default' }), shared);
    await expect(check('dead.csv')).rejects.toMatchObject({ code: 'LINK_BROKEN' });
    await expect(check('gone.csv')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(await check('pk.csv')).toMatchObject({ location: join(folder, 'pk.csv') });
  });

  it.each(['a\\b.csv', 'a\nb.csv', 'a\tb.csv', 'a\u001b[31m.csv', 'a\u202eb.csv', 'a\u0085.csv'])(
    'reports the name %j, which can be left out like a file that cannot be read',
    async (name) => {
      const folder = await folderWith(name, 'pk.csv');
      const config = join(folder, 'c.json');
      await writeFile(config, '{"dose":1}');
      const options = { profile: 'default', config: [config] };
      await expect(readJobs([folder], options, shared)).rejects.toMatchObject({
        problems: [
          expect.stringMatching(
            /FILE_NAME_INVALID: The name of the file ".*" must not contain .* Rename the file or folder\.$/,
          ),
        ],
        hint: [expect.stringContaining('--skip-unreadable')],
      });
      const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
      onTestFinished(() => written.mockRestore());
      const jobs = await readJobs([folder], { ...options, skipUnreadable: true }, shared);
      expect(jobs.map(({ location }) => relative(folder, location))).toEqual(['pk.csv']);
      expect(String(written.mock.calls)).toContain('Left out. ');
    },
  );
});

it.each(['C:\\share\\pk.csv', '\\\\server\\share\\pk.csv', '/data/C:\\share\\pk.csv'])(
  'checkFileJob recognizes %s as a path of Windows',
  async (path) => {
    await expect(checkFileJob(createFileJob(path, [], { profile: 'default' }), shared)).rejects.toMatchObject(
      {
        code: 'FILE_NOT_FOUND',
        message: expect.stringMatching(/is a path of Windows, .* such as \/mnt\/share\/pk\.csv\.$/),
      },
    );
  },
);

describe('filesMatching', () => {
  it('looks only into folders that the glob can match', async () => {
    const folder = await folderWith(
      'a/x/pk.csv',
      'b/pk.csv',
      'pk.csv',
      'pk.xpt',
      'A/.h/pk.csv',
      'q/b/c/d.CSV',
    );
    await symlink('gone', join(folder, 'dead'));
    await symlink('gone', join(folder, 'b', 'dead.xpt'));
    const match = async (glob: string) => {
      const found = await filesMatching(`${folder}/${glob}`);
      return [...pathsIn(folder, found), ...found.problems.map(({ path }) => `!${relative(folder, path)}`)];
    };
    expect(await match('*.csv')).toEqual(['pk.csv']);
    expect(await match('b/*.csv')).toEqual(['b/pk.csv']);
    expect(await match('*/*.csv')).toEqual(['b/pk.csv', '!dead']);
    expect(await match('{a/x,b}/*.csv')).toEqual(['a/x/pk.csv', 'b/pk.csv', '!b/dead.xpt', '!dead']);
    expect(await match('**/*.csv')).toEqual([
      ...['a/x/pk.csv', 'b/pk.csv', 'pk.csv', 'q/b/c/d.CSV'],
      ...['!b/dead.xpt', '!dead'],
    ]);
    expect(await match('q/**/d.csv')).toEqual(['q/b/c/d.CSV']);
    expect(await match('nothing/*.csv')).toEqual([]);
  });
});

describe('whileListed', () => {
  const missing = () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }));

  it('throws for a file that is listed and cannot be opened', async () => {
    const folder = await folderWith('pk.csv');
    await expect(whileListed(join(folder, 'pk.csv'), missing)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('returns nothing for a file that is gone, with or without its folder', async () => {
    const folder = await folderWith('site/pk.csv');
    await rm(join(folder, 'site/pk.csv'));
    expect(await whileListed(join(folder, 'site/pk.csv'), missing)).toBeUndefined();
    await rename(join(folder, 'site'), join(folder, 'else'));
    expect(await whileListed(join(folder, 'site/pk.csv'), missing)).toBeUndefined();
  });

  it('returns what the second call finds if the file is replaced meanwhile', async () => {
    const folder = await folderWith('pk.csv');
    let calls = 0;
    expect(await whileListed(join(folder, 'pk.csv'), async () => (calls++ ? 'found' : missing()))).toBe(
      'found',
    );
  });
});
