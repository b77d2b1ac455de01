import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InvalidCasesError, readCases } from '../../src/qualification/cases.js';
import { keyColumnsOf } from '../../src/qualification/key-columns.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CASES = 'test/support/cases';

/** Returns a copy of the cases, and a function that returns the problems of the copy. */
async function copyOfCases() {
  const folder = await temporaryFolder();
  await cp(CASES, folder, { recursive: true });
  const problems = async (at = folder) => {
    try {
      await readCases(at);
      return [];
    } catch (error) {
      if (error instanceof InvalidCasesError) return error.problems;
      throw error;
    }
  };
  return { folder, path: (...names: string[]) => join(folder, ...names), problems };
}

describe('a folder of cases', () => {
  it('has a case in each folder, in the order of their names', async () => {
    const { folder, path } = await copyOfCases();
    await mkdir(path('.git'));
    for (const name of ['case-10', 'case-9']) {
      await cp(path('oral-dose'), path(name), { recursive: true });
      await writeFile(path(name, 'input.csv'), `subject,time,conc\n1,0,${name.slice(5)}\n`);
    }
    const cases = await readCases(folder);
    expect(cases.map(({ name }) => name)).toEqual(['case-9', 'case-10', 'oral-dose', 'two-subjects']);
    expect(cases[3]).toMatchObject({ fileName: 'two-subjects.csv', expected: { rows: { length: 16 } } });
  });

  it('names every problem of every case', async () => {
    const { path, problems } = await copyOfCases();
    await rm(path('oral-dose', 'input.csv'));
    await writeFile(path('oral-dose', 'config.json'), '{"configuration": {');
    await writeFile(path('two-subjects', 'pk-results-expected.csv'), 'subject,paramcd,value\n');
    await mkdir(path('notes'));
    expect(await problems()).toEqual([
      'Case "notes": input.csv is missing.',
      'Case "notes": config.json is missing.',
      'Case "notes": pk-results-expected.csv is missing.',
      'Case "oral-dose": input.csv is missing.',
      expect.stringMatching(/^Case "oral-dose": config\.json is not JSON: .*\.$/),
      'Case "two-subjects": pk-results-expected.csv has no rows.',
    ]);
  });

  it.each([
    ['input.csv', '', 'input.csv is empty.'],
    ['pk-results-expected.csv', '', 'pk-results-expected.csv is empty.'],
    [
      'pk-results-expected.csv',
      'subject;paramcd\n1;Cmax\n',
      'pk-results-expected.csv has only one column: its columns must be separated by commas.',
    ],
    ['pk-results-expected.csv', 'a,a\n1,2\n', 'pk-results-expected.csv has the column "a" twice.'],
    [
      'config.json',
      '{}',
      'config.json is empty, so there is nothing to analyze. Write the configuration of the analysis, as Aplos NCA exports it.',
    ],
    ['config.json', '[]', 'config.json is not a JSON object.'],
  ])('refuses %s with %j', async (file, content, problem) => {
    const { path, problems } = await copyOfCases();
    await writeFile(path('oral-dose', file), content);
    expect(await problems()).toEqual([expect.stringContaining(`Case "oral-dose": ${problem.slice(0, -1)}`)]);
  });

  it('refuses two cases of the same analysis, because it would be charged twice', async () => {
    const { path, problems } = await copyOfCases();
    await cp(path('oral-dose'), path('same'), { recursive: true });
    expect(await problems()).toEqual([
      'Case "same": it has the same input and configuration as "oral-dose".',
    ]);
  });

  it('refuses a name that no file can have', async () => {
    const { path, problems } = await copyOfCases();
    await cp(path('oral-dose'), path('x'.repeat(252)), { recursive: true });
    expect(await problems()).toEqual(expect.arrayContaining([expect.stringContaining('its name')]));
  });

  it('says what to name instead of a case, and that there are no cases', async () => {
    const { folder, path, problems } = await copyOfCases();
    expect(await problems(path('oral-dose'))).toEqual([
      `"${path('oral-dose')}" is a case itself. Name the folder that it is in: "${folder}".`,
    ]);
    await mkdir(path('empty'));
    expect(await problems(path('empty'))).toEqual([
      `"${path('empty')}" has no cases. Each case is a folder in it, with input.csv, config.json, pk-results-expected.csv.`,
    ]);
    expect(await problems(path('missing'))).toEqual([
      `Cannot read the cases in "${path('missing')}" (ENOENT).`,
    ]);
  });
});

it.each([
  [{ columns: { unique_id: 'subject', grouping: ['subject', 'period'] } }, ['subject', 'period', 'paramcd']],
  [{ columns: { uniqueId: 'id' } }, ['id', 'paramcd']],
  [{}, ['paramcd']],
  [{ columns: 'none' }, ['paramcd']],
])(
  'the rows of results are identified by what the configuration %j groups by, and the parameter',
  (configuration, key) => {
    expect(keyColumnsOf(configuration)).toEqual(key);
  },
);
