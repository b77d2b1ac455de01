import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { errorTable } from '../../src/contract/errors.js';
import { generatedFiles } from '../../tools/generated.js';

describe('the files that are made from the contract', () => {
  it.each(generatedFiles)('are current: $path', async ({ path, content }) => {
    expect(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(content);
  });

  it('tell other languages what a request must have, and not its defaults', () => {
    const schema = JSON.parse(contentOf('schema/upload-request.schema.json'));
    expect(schema).toMatchObject({
      title: 'UploadRequest',
      additionalProperties: false,
      required: ['source'],
    });
    expect(schema.properties.profile.default).toBe('default');
    expect(schema.properties.executions.items.required).toEqual(['configuration']);
  });

  it('list each error on a line of its own', () => {
    const codes = contentOf('docs/errors.md').match(/(?<=^\| `)\w+/gm);
    expect(codes).toEqual(Object.keys(errorTable));
  });
});

const contentOf = (wanted: string) => generatedFiles.find(({ path }) => path === wanted)?.content ?? '';
