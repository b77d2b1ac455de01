import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { withWaitValues } from '../../src/cli/program.js';

describe('withWaitValues', () => {
  it.each<[given: string, parsed: string]>([
    ['upload pk.csv --wait', 'upload pk.csv --wait=upload'],
    ['upload --wait pk.csv', 'upload --wait=upload pk.csv'],
    ['upload --wait results pk.csv', 'upload --wait=results pk.csv'],
    ['upload --wait upload pk.csv', 'upload --wait=upload pk.csv'],
    ['upload pk.csv --wait=results', 'upload pk.csv --wait=results'],
    ['upload results --wait --json', 'upload results --wait=upload --json'],
    ['upload --wait ./results', 'upload --wait=upload ./results'],
    ['upload -- --wait results', 'upload -- --wait results'],
  ])('reads "%s" as "%s"', (given, parsed) => {
    expect(withWaitValues(given.split(' '))).toEqual(parsed.split(' '));
  });

  it('suits every command that has --wait', async () => {
    const commands = await Promise.all(COMMANDS.map(({ load }) => load()));
    const options = commands.flatMap((command) => command.options.filter(({ long }) => long === '--wait'));
    expect(options.length).toBeGreaterThan(1);
    for (const { optional, argChoices } of options) {
      expect(optional).toBe(true);
      expect(argChoices).toEqual(['upload', 'results']);
    }
  });
});
