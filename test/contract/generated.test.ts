import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { errorTable } from '../../src/contract/errors.js';
import { generatedFiles } from '../../tools/generated.js';

describe('the generated files', () => {
  it.each(generatedFiles)('are up to date: $path', async ({ path, content }) => {
    expect(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(content);
  });

  it('tell other languages which fields a request requires, without those that have defaults', () => {
    const schema = JSON.parse(contentOf('schema/upload-request.schema.json'));
    expect(schema).toMatchObject({
      title: 'UploadRequest',
      additionalProperties: false,
      required: ['source'],
    });
    expect(schema.properties.profile.default).toBe('default');
    expect(schema.properties.executions.items.required).toEqual(['configuration']);
  });

  it('have a section for each error code, with its anchor', () => {
    const sections = contentOf('docs/reference/errors.md').matchAll(/^<a id="(\w+)"><\/a>\n\n### `(\w+)`$/gm);
    expect([...sections].map(([, anchor, code]) => [anchor, code])).toEqual(
      Object.keys(errorTable).map((code) => [code, code]),
    );
  });

  it('show the traits of an error code in words', () => {
    expect(contentOf('docs/reference/errors.md')).toContain(`### \`API_UNAVAILABLE\`

The Aplos API responded with a server error (5xx), or timed out.

**Retried.** Fault: a service. Exit code: 1. An execution may have been started.
`);
  });
});

const contentOf = (path: string) => generatedFiles.find((file) => file.path === path)?.content ?? '';
