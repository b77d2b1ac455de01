import { describe, expect, it } from 'vitest';
import { namesOf, readable } from '../../../src/cli/output/upload-names.js';
import type { UploadClient } from '../../../src/client.js';

/** Returns the names of uploads whose sources are given by id, and the ids that were looked up. */
async function named(
  uploads: readonly (readonly [id: string, fileName: string, source: string | undefined])[],
) {
  const asked: string[] = [];
  const client = {
    source: async ({ workflowId }: { workflowId: string }) => {
      asked.push(workflowId);
      return uploads.find(([id]) => id === workflowId)?.[2];
    },
  } as unknown as UploadClient;
  const names = await namesOf(
    client,
    uploads.map(([workflowId, fileName]) => ({ workflowId, runId: 'r', fileName })),
  );
  return { names, asked };
}

describe('namesOf', () => {
  it('looks up nothing if all names differ', async () => {
    expect(
      await named([
        ['1', 'a.csv', undefined],
        ['2', 'b.csv', undefined],
      ]),
    ).toEqual({ names: ['a.csv', 'b.csv'], asked: [] });
  });

  it('adds as much of the path to equal names as tells them apart', async () => {
    const { names, asked } = await named([
      ['1', 'pk.csv', 'file:///data/site%201/pk.csv'],
      ['2', 'other.csv', undefined],
      ['3', 'pk.csv', 'file:///data/site%202/pk.csv'],
    ]);
    expect(names).toEqual(['site 1/pk.csv', 'other.csv', 'site 2/pk.csv']);
    expect(asked).toEqual(['1', '3']);
  });

  it('adds the id if the paths are equal, or cannot be read', async () => {
    const same = 'file:///data/pk.csv';
    expect(
      (
        await named([
          ['1', 'pk.csv', same],
          ['2', 'pk.csv', same],
        ])
      ).names,
    ).toEqual(['pk.csv (1)', 'pk.csv (2)']);
    expect(
      (
        await named([
          ['1', 'pk.csv', undefined],
          ['2', 'pk.csv', undefined],
        ])
      ).names,
    ).toEqual(['pk.csv (1)', 'pk.csv (2)']);
  });

  it('reads the path of a file URL', () => {
    expect(readable('file:///a%20b/%C3%A4.csv')).toBe('/a b/ä.csv');
    expect(readable('s3://b/pk.csv')).toBe('s3://b/pk.csv');
    expect(readable(undefined)).toBeUndefined();
  });
});
