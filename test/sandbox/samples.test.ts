import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { analyse } from '../../sandbox/nca.js';
import { parseTable } from '../../sandbox/table.js';
import { samples } from '../../tools/samples.js';

const column = (rows: readonly (readonly string[])[], name: string) => {
  const [header = [], ...data] = rows;
  return data.map((row) => Number(row[header.indexOf(name)]));
};
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

it.each([...samples().keys()])('the sample %s is what its generator makes', async (name) => {
  expect(await readFile(`samples/${name}`, 'utf8')).toBe(samples().get(name));
});

it.each([
  // Dose over apparent clearance, in ng·h/mL: 100 mg / 9 L/h and 50 mg / 6.5 L/h.
  ['single-oral-dose', 12, 11_111],
  ['food-effect-crossover', 16, 7_692],
])('sample %s has the exposure of its dose and clearance', (name, profiles, exposure) => {
  const { columns } = JSON.parse(samples().get(`${name}.json`) ?? '');
  const rows = analyse(parseTable(samples().get(`${name}.csv`) ?? ''), columns);
  expect(rows).toHaveLength(profiles + 1);
  const ratio = mean(column(rows, 'auclast')) / exposure;
  expect(ratio).toBeGreaterThan(0.75);
  expect(ratio).toBeLessThan(1.4);
});
