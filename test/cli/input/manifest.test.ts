import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../../src/cli/input/manifest.js';
import { BadInputError } from '../../../src/cli/output/errors.js';

describe('readManifest', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aplos-upload-test-'));
    await writeFile(join(folder, 'day-1.json'), '{"day": 1}');
    await writeFile(join(folder, 'day-7.json'), '{"day": 7}');
    await writeFile(join(folder, 'meta.json'), '["kept", "as it is"]');
    await writeFile(join(folder, 'broken.json'), '{');
    await writeFile(join(folder, 'empty.json'), '{}');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const read = async (name: string, text: string | Buffer) => {
    await writeFile(join(folder, name), text);
    const { entries, problems } = await readManifest(join(folder, name));
    if (problems.length > 0) throw new BadInputError(problems.map(({ problem }) => problem));
    return entries.map(({ where: _where, line: _line, ...entry }) => entry);
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

  const plain = 'file,configuration,metadata,label\na.csv,day-1.json,,\n';

  it.each([
    ['rows of commas only, as Excel leaves them', `${plain},,,\n , ,,\n,,,`],
    ['more empty cells than columns', 'file,configuration,,\na.csv,day-1.json,,,,,\n'],
    ['fewer cells than columns', 'file,configuration,metadata,label\na.csv,day-1.json\n'],
    ['semicolons, as in a German Excel', plain.replaceAll(',', ';')],
    ['tabs', plain.replaceAll(',', '\t')],
    ["Excel's line with the separator", `sep=;\r\n${plain.replaceAll(',', ';').replaceAll('\n', '\r\n')}`],
    ['a quoted line with the separator', `"sep=|"\n${plain.replaceAll(',', '|')}`],
    ['column names in another case and form', 'File , CONFIGURATION,Meta Data,"Label"\na.csv,day-1.json,,\n'],
    ['empty lines before the header', `\n\n${plain}`],
  ])('accepts %s', async (_what, text) => {
    expect(await read('excel.csv', text)).toEqual([
      { location: join(folder, 'a.csv'), executions: [{ label: 'day-1', configuration: { day: 1 } }] },
    ]);
  });

  it('names the line of a problem after a separator line and a cell with line breaks', async () => {
    const text = 'sep=;\nfile;configuration;again\na.csv;day-1.json;"two\nlines"\n;day-1.json\n';
    expect((await problemsIn('excel.csv', text)).join()).toContain('excel.csv:5: file: is missing');
  });

  it('recognizes CSV and JSON Lines by their content if the name does not tell', async () => {
    expect(await read('jobs', plain)).toEqual(
      await read('jobs.list', '{"file": "a.csv", "configuration": "day-1.json"}'),
    );
  });

  it('reads the SHA-256 of a file in any of its rows', async () => {
    const sha256 = 'Ab'.repeat(32);
    const text = `file,configuration,SHA-256\ns3://b/a.csv,day-1.json,\ns3://b/a.csv,day-7.json,${sha256}\n`;
    expect(await read('jobs.csv', text)).toMatchObject([
      { location: 's3://b/a.csv', sha256: sha256.toLowerCase(), executions: [{}, {}] },
    ]);
  });

  it('reads a SHA-256 that has spaces around it', async () => {
    const sha256 = 'ab'.repeat(32);
    const row = { file: 's3://b/a.csv', configuration: { day: 1 }, sha256: ` ${sha256.toUpperCase()} ` };
    expect(await read('jobs.jsonl', JSON.stringify(row))).toMatchObject([{ sha256 }]);
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
    [
      'two columns of one name',
      'jobs.csv',
      'file,configuration,file\na,b,c',
      'jobs.csv:1: two columns "file"',
    ],
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
      [
        expect.stringContaining(
          'REQUEST_INVALID: jobs.csv:1: unknown column "config" (did you mean configuration?)',
        ),
      ],
    ],
    [
      'a row with too many cells',
      'jobs.csv',
      'file,configuration\na.csv,day-1.json,x\n',
      [expect.stringContaining('jobs.csv:2: "x" is in a column without a name')],
    ],
    [
      'a first row that is no header',
      'jobs.csv',
      'a.csv,day-1.json\n',
      [expect.stringContaining('jobs.csv:1: the first row names no column of a manifest')],
    ],
    [
      'a header without a file, and with a misspelt column',
      'jobs.csv',
      'configuration;lable\nday-1.json;x\n',
      [expect.stringContaining('jobs.csv:1: unknown column "lable" (did you mean label?); no column "file"')],
    ],
    [
      'a JSON array',
      'jobs.json',
      '[{"file": "a.csv", "configuration": "day-1.json"}]',
      [expect.stringContaining('--manifest jobs.json is a JSON array. Write one JSON object per line')],
    ],
    [
      'a quote that is not closed, after a row without a file',
      'jobs.csv',
      'file,configuration\n,day-1.json\n"a.csv,day-1.json\n',
      [
        expect.stringContaining('jobs.csv:2: file: is missing'),
        expect.stringMatching(/jobs\.csv:\d: is not CSV: Quote Not Closed/),
      ],
    ],
    [
      'lines that are not JSON, and a row without a file',
      'jobs.jsonl',
      '{"file"\n{"configuration": "day-1.json"}\nnonsense\n',
      [
        expect.stringContaining('jobs.jsonl:1 is not JSON'),
        expect.stringContaining('jobs.jsonl:2: file: is missing'),
        expect.stringContaining('jobs.jsonl:3 is not JSON'),
      ],
    ],
    [
      'an empty configuration, in a file and in a cell',
      'jobs.csv',
      'file,configuration\na.csv,empty.json\nb.csv,{}\n',
      [
        expect.stringContaining(
          'jobs.csv:2: configuration empty.json is empty, so there is nothing to analyze',
        ),
        expect.stringContaining('jobs.csv:3: configuration is empty, so there is nothing to analyze'),
      ],
    ],
    [
      'a SHA-256 that is none, and two for one file',
      'jobs.csv',
      `file,configuration,sha256\na.csv,day-1.json,abc\nb.csv,day-1.json,${'a'.repeat(64)}\nb.csv,day-7.json,${'b'.repeat(64)}\n`,
      [
        expect.stringContaining('jobs.csv:2: sha256: must be a SHA-256: 64 hex digits'),
        expect.stringContaining(
          'jobs.csv:4: sha256: is not the same as in line 3, which names the same file',
        ),
      ],
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
      [
        expect.stringContaining('jobs.jsonl:1 is not JSON'),
        expect.stringContaining('jobs.jsonl:2: the row: must be an object'),
      ],
    ],
  ])('reports each problem with its line number, given %s', async (_what, name, text, problems) => {
    expect(await problemsIn(name, text)).toEqual(problems);
  });
});
