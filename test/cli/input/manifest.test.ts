import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../../src/cli/input/manifest.js';

describe('readManifest', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aplos-upload-test-'));
    await writeFile(join(folder, 'day-1.json'), '{"day": 1}');
    await writeFile(join(folder, 'day-7.json'), '{"day": 7}');
    await writeFile(join(folder, 'meta.json'), '["kept", "as it is"]');
    await writeFile(join(folder, 'broken.json'), '{');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const read = async (name: string, text: string | Buffer) => {
    await writeFile(join(folder, name), text);
    return readManifest(join(folder, name));
  };
  const problemsIn = (name: string, text: string | Buffer) =>
    read(name, text).then(
      () => [],
      ({ problems }) => problems.map((problem: string) => problem.replaceAll(`${folder}/`, '')),
    );

  const expected = () => [
    {
      location: join(folder, 'a.csv'),
      executions: [
        { label: 'day-1', configuration: { day: 1 } },
        { label: 'later', configuration: { day: 7 }, metaData: ['kept', 'as it is'] },
      ],
    },
    { location: '/elsewhere/b.csv', executions: [{ configuration: { day: 2 }, metaData: { study: 7 } }] },
  ];

  it('combines the CSV rows of a file, and resolves paths relative to the manifest', async () => {
    const text = [
      '\ufefffile, configuration, metadata, label',
      'a.csv, day-1.json,,',
      '',
      '/elsewhere/b.csv, "{""day"": 2}", "{""study"": 7}",',
      'a.csv, day-7.json, meta.json, later',
    ].join('\r\n');
    expect(await read('jobs.csv', text)).toEqual(expected());
  });

  it('accepts a byte order mark in JSON Lines', async () => {
    const [entry] = await read('jobs.jsonl', '\ufeff{"file":"a.csv","configuration":{"day":1}}\r\n');
    expect(entry?.executions).toEqual([{ configuration: { day: 1 } }]);
  });

  it.each<[what: string, name: string, content: string | Buffer, problem: string]>([
    [
      'UTF-16',
      'jobs.csv',
      Buffer.from('\ufefffile,configuration\na.csv,day-1.json', 'utf16le'),
      'is UTF-16 (little-endian) from line 1 on, not UTF-8',
    ],
    [
      'Windows-1252',
      'jobs.csv',
      Buffer.from('file,configuration\nGr\xf6\xdfe.csv,day-1.json', 'latin1'),
      'is not UTF-8 in line 2, but perhaps Windows-1252 or Latin-1',
    ],
    ['two columns of one name', 'jobs.csv', 'file,configuration,file\na,b,c', 'has two columns "file"'],
    [
      'a number that would be rounded',
      'jobs.jsonl',
      '\n{"file":"a.csv","configuration":{"dose":12345678901234567890}}',
      'jobs.jsonl:2 cannot be read without a loss: configuration.dose: 12345678901234567890 cannot be stored exactly',
    ],
    [
      'a key twice in a cell',
      'jobs.csv',
      'file,configuration\na.csv,"{""dose"":1,""dose"":2}"',
      'jobs.csv:2: configuration cannot be read without a loss: dose: is given more than once',
    ],
  ])('refuses %s', async (_what, name, content, problem) => {
    expect((await problemsIn(name, content)).join()).toContain(problem);
  });

  it('reads why an analysis is wanted again', async () => {
    const text = 'file,configuration,again\n/a.csv,day-1.json,engine 3.2\n/b.csv,day-1.json,\n';
    const again = (await read('jobs.csv', text)).map(({ executions }) => executions[0]?.again);
    expect(again).toEqual(['engine 3.2', undefined]);
  });

  it('reads the sections of an analysis in whatever way they are written', async () => {
    const sections = { configuration: { day: 1 }, customPlots: { a_b: 1 } };
    const text = [
      JSON.stringify({
        file: '/a.csv',
        configuration: { configuration: { day: 1 }, custom_plots: { a_b: 1 } },
      }),
      JSON.stringify({ file: '/b.csv', configuration: { day: 1, customPlots: { a_b: 1 } } }),
      JSON.stringify({ file: '/c.csv', configuration: { ...sections, metadata: { study: 7 } } }),
    ].join('\n');
    expect(await read('jobs.jsonl', text)).toEqual([
      { location: '/a.csv', executions: [sections] },
      { location: '/b.csv', executions: [sections] },
      { location: '/c.csv', executions: [{ ...sections, metaData: { study: 7 } }] },
    ]);
  });

  it.each([
    [{ metadata: 1, configuration: { day: 1, meta_data: 2 } }, 'its configuration has metadata as well'],
    [{ configuration: { data_cleaning: 1, dataCleaning: 1 } }, 'has both "data_cleaning" and "dataCleaning"'],
  ])('refuses a row with contradicting sections: %j', async (row, problem) => {
    const problems = await problemsIn('jobs.jsonl', JSON.stringify({ file: '/a.csv', ...row }));
    expect(problems.join()).toContain(problem);
  });

  it('keeps URLs unchanged', async () => {
    const text = 'file,configuration\ns3://bucket/a.csv,day-1.json\n';
    expect(await read('jobs.csv', text)).toEqual([
      { location: 's3://bucket/a.csv', executions: [{ label: 'day-1', configuration: { day: 1 } }] },
    ]);
  });

  it('reads JSON Lines like CSV', async () => {
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
      'no rows',
      'jobs.csv',
      'file,configuration\n',
      [expect.stringContaining('REQUEST_INVALID: --manifest jobs.csv has no rows.')],
    ],
    ['no content', 'jobs.jsonl', '\n', [expect.stringContaining('--manifest jobs.jsonl has no rows.')]],
    [
      'a row without a configuration, and one without a file',
      'jobs.csv',
      'file,configuration\na.csv,\n,day-1.json\n',
      [
        expect.stringContaining('REQUEST_INVALID: jobs.csv:2: configuration: is missing'),
        expect.stringContaining('REQUEST_INVALID: jobs.csv:3: file: is missing'),
      ],
    ],
    [
      'an unknown column',
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
      'a configuration that is missing, one that is not JSON, and one that is not an object',
      'jobs.jsonl',
      '{"file":"a.csv","configuration":"none.json"}\n{"file":"a.csv","configuration":"broken.json"}\n{"file":"a.csv","configuration":"meta.json"}\n',
      [
        expect.stringContaining('jobs.jsonl:1: configuration none.json cannot be read (ENOENT)'),
        expect.stringContaining('jobs.jsonl:2: configuration broken.json is not JSON'),
        expect.stringContaining('jobs.jsonl:3: configuration meta.json is not a JSON object'),
      ],
    ],
    [
      'a line that is not an object',
      'jobs.jsonl',
      '{"file":\n7\n',
      [expect.stringContaining('jobs.jsonl:1 is not JSON')],
    ],
  ])('reports each problem with its line number, given %s', async (_what, name, text, problems) => {
    expect(await problemsIn(name, text)).toEqual(problems);
  });
});
