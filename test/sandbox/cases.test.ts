import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownResultsIn } from '../../sandbox/cases.js';
import { startFullSandbox } from '../../sandbox/full-sandbox.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CASE = 'test/support/cases/oral-dose';

describe('a sandbox with cases', async () => {
  const known = await knownResultsIn('test/support/cases');
  const file = await readFile(`${CASE}/input.csv`);
  const { configuration } = JSON.parse(await readFile(`${CASE}/config.json`, 'utf8'));
  const reordered = Object.fromEntries(Object.entries(configuration).reverse());

  it.each([
    ['as it is', configuration],
    ['with its keys in another order', reordered],
  ])('gives the expected results back for the configuration %s', async (_, given) => {
    const results = known(file, { configuration: given });
    expect(Buffer.from(results ?? [])).toEqual(await readFile(`${CASE}/pk-results-expected.csv`));
  });

  it.each([
    ['another file', Buffer.concat([file, Buffer.from('1,9,0,0\n')]), { configuration }],
    ['another configuration', file, { configuration: { ...configuration, version: '2026-01-01' } }],
    ['another section of version 1', file, { configuration, dataProcessing: { exclude: [1] } }],
    ['another section of version 3', file, { configuration, sections: { data_cleaning: { exclude: [1] } } }],
  ])('knows no results of %s', (_, bytes, analysis) => {
    expect(known(bytes, analysis)).toBeUndefined();
  });
});

it('a sandbox with cases that cannot be used does not start', async () => {
  const settingsFile = join(await temporaryFolder(), 'sandbox', 'settings.toml');
  await expect(startFullSandbox({ cases: CASE, settingsFile })).rejects.toThrow('is a case itself');
  expect(existsSync(dirname(settingsFile))).toBe(false);
});
