import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationMatcher } from '../../src/watch/configuration-match.js';

const file = (name: string) => ({ path: `/d/${name}` });
const names = (files: readonly { readonly path: string }[]) =>
  files.map(({ path }) => path.slice('/d/'.length));

/** Returns the names of the configurations of each data file. */
function match(dataFiles: readonly string[], configurations: readonly string[]) {
  const matcher = new ConfigurationMatcher(dataFiles.map(file), configurations.map(file));
  return dataFiles.map((name) => names(matcher.match(`/d/${name}`).configurations));
}

describe('ConfigurationMatcher', () => {
  it.each<[why: string, dataFiles: string[], configurations: string[], matches: string[][]]>([
    ['by either exact name', ['a.csv', 'b.csv'], ['a.json', 'b.csv.json'], [['a.json'], ['b.csv.json']]],
    [
      'to names that differ only in case',
      ['pk.csv', 'PK.csv'],
      ['pk.json', 'PK.json'],
      [['pk.json'], ['PK.json']],
    ],
    ['in another case', ['pk.CSV'], ['PK.JSON'], [['PK.JSON']]],
    ['in another Unicode form', ['M\u00fcller.csv'], ['Mu\u0308ller.json'], [['Mu\u0308ller.json']]],
    ['in another form and case', ['MU\u0308LLER.csv'], ['m\u00fcller.csv.json'], [['m\u00fcller.csv.json']]],
    ['exactly before loosely', ['pk.csv'], ['PK.json', 'pk.json'], [['pk.json']]],
    ['to no other file than the exact one', ['pk.csv', 'PK.csv'], ['PK.json'], [[], ['PK.json']]],
    [
      'as ambiguous if both names exist',
      ['pk.csv'],
      ['pk.json', 'pk.csv.json'],
      [['pk.json', 'pk.csv.json']],
    ],
    ['as ambiguous if two are equally similar', ['pk.csv'], ['PK.json', 'Pk.json'], [['PK.json', 'Pk.json']]],
    ['to two types of one name', ['pk.csv', 'pk.xpt'], ['pk.json'], [['pk.json'], ['pk.json']]],
  ])('assigns configurations %s', (_why, dataFiles, configurations, matches) => {
    expect(match(dataFiles, configurations)).toEqual(matches);
  });

  it('returns similar configurations that are not used', () => {
    const matcher = new ConfigurationMatcher([file('pk.csv')], [file('PK.json'), file('pk.json')]);
    expect(names(matcher.match('/d/pk.csv').unused)).toEqual(['PK.json']);
  });

  it('assigns the exact configuration whatever else is in the folder', () => {
    const name = fc.stringMatching(/^[aA\u00e4\u00c4]{1,3}$/);
    fc.assert(
      fc.property(name, fc.array(name), (data, others) => {
        const all = new Set([data, ...others]);
        const configurations = [...all].map((each) => `${each}.json`);
        expect(
          match(
            [...all].map((each) => `${each}.csv`),
            configurations,
          ),
        ).toEqual(configurations.map((each) => [each]));
      }),
    );
  });
});
