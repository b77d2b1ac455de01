import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSections } from '../../src/contract/read-sections.js';
import { SECTIONS, sectionsIn } from '../../src/contract/sections.js';

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const bare = { version: '1', columns: { unique_id: 'x' } };

describe('readSections', () => {
  it('takes a file without sections as the configuration itself', () => {
    expect(readSections(bare)).toEqual({ configuration: bare });
  });

  it("unwraps the vendor's configuration", () => {
    expect(readSections({ configuration: bare })).toEqual({ configuration: bare });
    expect(readSections({ calculation: bare, metadata: 7 })).toEqual({ configuration: bare, metaData: 7 });
  });

  it('takes sections out of a file whose other keys are the configuration', () => {
    expect(readSections({ ...bare, data_cleaning: { a_b: 1 } })).toEqual({
      configuration: bare,
      dataCleaning: { a_b: 1 },
    });
  });

  it('reads each section in camelCase or snake_case, and does not touch its content', {
    tags: ['REQ-10'],
  }, () => {
    const content = fc.jsonValue().filter((value) => value !== null);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...SECTIONS.filter((name) => name !== 'configuration'))),
        fc.boolean(),
        content,
        (names, isSnake, value) => {
          const file = {
            configuration: bare,
            ...Object.fromEntries(names.map((name) => [isSnake ? snake(name) : name, value])),
          };
          const sections = readSections(file as never);
          expect(sections).toEqual({
            configuration: bare,
            ...Object.fromEntries(names.map((name) => [name, value])),
          });
        },
      ),
    );
  });

  it.each([
    [{ configuration: bare, calculation: bare }, 'has both "configuration" and "calculation"'],
    [{ data_cleaning: 1, dataCleaning: 1 }, 'has both "data_cleaning" and "dataCleaning"'],
    [{ configuration: bare, columns: {} }, 'has the unknown key "columns" next to "configuration"'],
  ])('returns the problem with %j', (content, problem) => {
    expect(readSections(content)).toBe(problem);
  });
});

describe('sectionsIn', () => {
  it('lists the sections that are used, and counts an empty configuration as none', () => {
    expect(sectionsIn({ configuration: {}, customPlots: {} })).toEqual(['customPlots']);
    expect(sectionsIn({ configuration: bare, metaData: 1 })).toEqual(['configuration']);
  });
});
