import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobOptions, readJobs } from '../../../src/cli/input/jobs.js';
import { requestForFileJob } from '../../../src/client/file-job.js';

const SHA256 = 'ab'.repeat(32);

describe('readJobs', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aplos-upload-test-'));
    await writeFile(join(folder, 'day-1.json'), '{"day": 1}');
    await writeFile(join(folder, 'pk.csv'), 'x');
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const jobs = (locations: string[], options: Partial<JobOptions>) =>
    readJobs(locations, { profile: 'default', ...options }, { host: undefined, sharedRoots: [] });
  const config = () => [join(folder, 'day-1.json')];
  const problemsOf = (work: Promise<unknown>) =>
    work.then(
      () => [],
      ({ problems }) => problems.map((problem: string) => problem.replaceAll(`${folder}/`, '')),
    );

  it('names the problems of a manifest and of its files together, by line', async () => {
    const manifest = join(folder, 'jobs.csv');
    await writeFile(
      manifest,
      'file,configuration\ngone.csv,day-1.json\n,day-1.json\npk.csv,day-1.json\nnotes.pdf,day-1.json\npk.csv,none.json\n',
    );
    expect(await problemsOf(jobs([], { manifest }))).toEqual([
      expect.stringMatching(/^jobs\.csv:2: FILE_NOT_FOUND: .*gone\.csv/),
      expect.stringMatching(/jobs\.csv:3: file: is missing/),
      expect.stringMatching(/^jobs\.csv:5: FILE_NOT_FOUND: .*notes\.pdf/),
      expect.stringMatching(/jobs\.csv:6: configuration none\.json cannot be read/),
    ]);
  });

  it('gives a remote file the SHA-256 of the option or of the manifest', async () => {
    const [one] = await jobs(['s3://bucket/pk.csv'], { config: config(), sha256: SHA256 });
    expect(one && (await requestForFileJob(one)).expect).toEqual({ sha256: SHA256 });
    const manifest = join(folder, 'remote.csv');
    await writeFile(manifest, `file,configuration,sha256\nhttps://h/pk.csv,day-1.json,${SHA256}\n`);
    const [other] = await jobs([], { manifest });
    expect(other && (await requestForFileJob(other)).expect).toEqual({ sha256: SHA256 });
  });

  it('refuses a local file that does not have the given SHA-256', async () => {
    const right = createHash('sha256').update('x').digest('hex');
    const path = join(folder, 'pk.csv');
    for (const [sha256, outcome] of [
      [right, 'accepted'],
      [SHA256, 'FILE_NOT_AS_EXPECTED'],
    ] as const) {
      const [job] = await jobs([path], { config: config(), sha256 });
      const found =
        job &&
        (await requestForFileJob(job).then(
          () => 'accepted',
          ({ code }) => code,
        ));
      expect(found).toBe(outcome);
    }
  });

  it('refuses one SHA-256 for several files', async () => {
    const several = jobs(['s3://bucket/a.csv', 's3://bucket/b.csv'], { config: config(), sha256: SHA256 });
    expect(await problemsOf(several)).toEqual([
      expect.stringContaining('--sha256 is that of one file, but 2'),
    ]);
  });

  it('suggests the folder or file that was meant if there is none of that name', async () => {
    await mkdir(join(folder, 'study-7'), { recursive: true });
    for (const [written, meant] of [
      ['stdy-7', 'study-7'],
      ['PK.CSV', 'pk.csv'],
      ['pk.cvs', 'pk.csv'],
    ] as const)
      expect(await problemsOf(jobs([join(folder, written)], { config: config() }))).toEqual([
        expect.stringContaining(`FILE_NOT_FOUND: There is no file "${written}" (did you mean "${meant}"?).`),
      ]);
    const [problem] = await problemsOf(jobs([join(folder, 'elsewhere')], { config: config() }));
    expect(problem).toMatch(/^FILE_NOT_FOUND: There is no file "elsewhere"\. Restore the file/);
    expect(problem).not.toContain('replay');
  });

  it('refuses an empty configuration', async () => {
    const empty = join(folder, 'empty.json');
    await writeFile(empty, '{}');
    expect(await problemsOf(jobs([join(folder, 'pk.csv')], { config: [empty] }))).toEqual([
      expect.stringMatching(/REQUEST_INVALID: --config empty\.json is empty, so there is nothing to analyze/),
    ]);
  });
});
