import { describe, expect, it } from 'vitest';
import { REQUIREMENTS } from '../../src/qualification/requirements.js';
import { problemsOf, tracedTests, tracedTestsIn } from '../../tools/traceability.js';

describe('the requirements', () => {
  it('have IDs in order, each once, and one sentence each', () => {
    expect(REQUIREMENTS.map(({ id }) => id)).toEqual(
      REQUIREMENTS.map((_, index) => `REQ-${String(index + 1).padStart(2, '0')}`),
    );
    for (const { text } of REQUIREMENTS) expect(text).toMatch(/^[A-Z].*\.$/);
  });

  it('each have a test, and tests are tagged with nothing else', () => {
    expect(problemsOf(tracedTests())).toEqual([]);
  });
});

describe('the traceability matrix', () => {
  const traced = (text: string) =>
    tracedTestsIn(text, 'a.test.ts').map(({ names, requirement }) => [requirement, ...names]);

  it('finds tags of tests, groups, and tests that are repeated', () => {
    const text = `
      describe.each(['v1'])('results of %s', { tags: ['REQ-15'] }, () => {
        it('are intact', { timeout: 1, tags: ['REQ-16', 'REQ-17'] }, async () => { expect(1).toBe(1); });
        it.each([1])(\`are \${x} of %s\`, { tags: ['REQ-18'] }, () => {});
        it('are not traced', () => {});
      });`;
    expect(traced(text)).toEqual([
      ['REQ-15', 'results of %s'],
      ['REQ-16', 'results of %s', 'are intact'],
      ['REQ-17', 'results of %s', 'are intact'],
      ['REQ-18', 'results of %s', expect.stringMatching(/^are .* of %s$/)],
    ]);
  });

  it('ignores tags elsewhere', () => {
    expect(traced(`const options = { tags: ['REQ-01'] }; call('it', { tags: ['REQ-01'] });`)).toEqual([]);
  });

  it('names a tag that is no requirement, and requirements without a test', () => {
    const problems = problemsOf([{ requirement: 'REQ-99', file: 'a.test.ts', names: ['x'] }]);
    expect(problems).toContain('a.test.ts has the tag REQ-99, which is no requirement.');
    expect(problems).toHaveLength(REQUIREMENTS.length + 1);
  });
});
