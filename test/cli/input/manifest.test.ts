import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../../src/cli/input/manifest.js';

describe('a manifest', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aplos-upload-test-'));
    await writeFile(join(folder, 'day-1.json'), '{"day": 1}');
    await writeFile(join(folder, 'day-7.json'), '{"day": 7}');
    await writeFile(join(folder, 'meta.json'), '["kept", "as it is"]');
    await writeFile(join(folder, 'broken.json'), '{');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const read = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return readManifest(join(folder, name));
  };
  const problemsIn = (name: string, text: string) =>
    read(name, text).then(
      () => [],
      ({ problems }) => problems.map((problem: string) => problem.replaceAll(`${folder}/`, '')),
    );

  const expected = () => [
    {
      place: join(folder, 'a.csv'),
      executions: [
        { label: 'day-1', configuration: { day: 1 } },
        { label: 'later', configuration: { day: 7 }, metaData: ['kept', 'as it is'] },
      ],
    },
    { place: '/elsewhere/b.csv', executions: [{ configuration: { day: 2 }, metaData: { study: 7 } }] },
  ];

  it('as CSV ties the rows of a file together, with paths relative to its own folder', async () => {
    const text = [
      '\ufefffile, configuration, metadata, label',
      'a.csv, day-1.json,,',
      '',
      '/elsewhere/b.csv, "{""day"": 2}", "{""study"": 7}",',
      'a.csv, day-7.json, meta.json, later',
    ].join('\r\n');
    expect(await read('jobs.csv', text)).toEqual(expected());
  });

  it('may name URLs, which only the worker reads', async () => {
    const text = 'file,configuration\ns3://bucket/a.csv,day-1.json\n';
    expect(await read('jobs.csv', text)).toEqual([
      { place: 's3://bucket/a.csv', executions: [{ label: 'day-1', configuration: { day: 1 } }] },
    ]);
  });

  it('as JSON Lines means the same', async () => {
    const text = [
      '{"file": "a.csv", "configuration": "day-1.json"}',
      '{"file": "/elsewhere/b.csv", "configuration": {"day": 2}, "metadata": {"study": 7}}',
      '',
      '{"file": "a.csv", "configuration": "day-7.json", "metadata": "meta.json", "label": "later"}',
    ].join('\n');
    expect(await read('jobs.jsonl', text)).toEqual(expected());
  });

  it.each([
    [
      'no row',
      'jobs.csv',
      'file,configuration\n',
      [expect.stringContaining('REQUEST_INVALID: --manifest jobs.csv has no row.')],
    ],
    ['nothing', 'jobs.jsonl', '\n', [expect.stringContaining('--manifest jobs.jsonl has no row.')]],
    [
      'a row without configuration, and one without file',
      'jobs.csv',
      'file,configuration\na.csv,\n,day-1.json\n',
      [
        expect.stringContaining('REQUEST_INVALID: jobs.csv:2: configuration: is missing'),
        expect.stringContaining('REQUEST_INVALID: jobs.csv:3: file: is missing'),
      ],
    ],
    [
      'a column that is not known',
      'jobs.csv',
      'file,config,configuration\na.csv,x,day-1.json\n',
      [expect.stringMatching(/jobs\.csv:2: .*"config"/)],
    ],
    [
      'a row with too many cells',
      'jobs.csv',
      'file,configuration\na.csv,day-1.json,x\n',
      [expect.stringMatching(/--manifest jobs\.csv is not CSV: .* line 2/)],
    ],
    [
      'a configuration that is not there, and one that is not JSON',
      'jobs.jsonl',
      '{"file":"a.csv","configuration":"none.json"}\n{"file":"a.csv","configuration":"broken.json"}\n{"file":"a.csv","configuration":"meta.json"}\n',
      [
        expect.stringContaining('jobs.jsonl:1: configuration none.json cannot be read (ENOENT)'),
        expect.stringContaining('jobs.jsonl:2: configuration broken.json is not JSON'),
        expect.stringContaining('jobs.jsonl:3: configuration meta.json holds no JSON object'),
      ],
    ],
    [
      'a line that is no object',
      'jobs.jsonl',
      '{"file":\n7\n',
      [expect.stringContaining('jobs.jsonl:1 is not JSON')],
    ],
  ])('with %s is refused, each problem by its line', async (_what, name, text, problems) => {
    expect(await problemsIn(name, text)).toEqual(problems);
  });
});
