import { afterEach, describe, expect, it, vi } from 'vitest';
import { explain } from '../../../src/cli/commands/explain/explain.js';
import { errorTable } from '../../../src/contract/errors.js';

describe('aplos-upload explain', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  function explained(...texts: string[]): string {
    let output = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      output += text;
      return true;
    });
    explain(texts, {});
    return output;
  }

  it.each(Object.entries(errorTable))(
    'shows the meaning and the action of %s',
    (code, { meaning, action }) => {
      const oneLine = explained(code).replaceAll(/\s+/g, ' ');
      expect(oneLine).toContain(`${code} ${meaning} `);
      expect(oneLine).toContain(action);
    },
  );

  it.each([
    [['s3_expired']],
    [['✗ S3_EXPIRED: The upload of "pk.csv" …']],
    [['✗', 'S3_EXPIRED:', 'The', 'upload', 'of', 'pk.csv']],
  ])('finds the code in %j', (texts) => {
    expect(explained(...texts)).toMatch(/^S3_EXPIRED\n/);
  });

  it('names the code that was probably meant', () => {
    expect(() => explain(['s3-expird'], {})).toThrow(
      '"s3-expird" is not an error code (did you mean S3_EXPIRED?).',
    );
    expect(() => explain(['toString'], {})).toThrow('"toString" is not an error code');
  });

  it('lists every code with its meaning', () => {
    expect(explained().trimEnd().split('\n')).toHaveLength(Object.keys(errorTable).length);
  });
});
