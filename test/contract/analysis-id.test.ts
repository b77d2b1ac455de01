import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentIdFor, fileVersionIdFor, trackingIdFor } from '../../src/contract/analysis-id.js';
import type { JsonValue } from '../../src/contract/json.js';

const sha256 = 'a'.repeat(64);
const execution = { configuration: { version: '1', tau: 24 }, metaData: { study: 7 } };
const analysis = { fileName: 'pk.csv', sha256, execution };

describe('trackingIdFor', () => {
  it('is 32 lower-case hex characters, so that no re-casing changes it', () => {
    expect(trackingIdFor(analysis)).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ['file name', { fileName: 'pk2.csv' }],
    ['bytes', { sha256: 'b'.repeat(64) }],
    ['configuration', { execution: { ...execution, configuration: { version: '2', tau: 24 } } }],
    ['metadata', { execution: { ...execution, metaData: { study: 8 } } }],
    ['data processing', { execution: { ...execution, dataProcessing: ['a'] } }],
    ['post-processing', { execution: { ...execution, postProcessing: { b: 1 } } }],
    ['data cleaning', { execution: { ...execution, dataCleaning: { b: 1 } } }],
    ['custom calculations', { execution: { ...execution, customCalculations: { b: 1 } } }],
    ['custom plots', { execution: { ...execution, customPlots: { b: 1 } } }],
    ['custom tables', { execution: { ...execution, customTables: { b: 1 } } }],
    ['reason to run it again', { execution: { ...execution, again: 'engine 3.2' } }],
  ])('changes with the %s', (_what, change) => {
    expect(trackingIdFor({ ...analysis, ...change })).not.toBe(trackingIdFor(analysis));
  });

  it('is the same for every order of keys, and under every label', () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<JsonValue>);
    fc.assert(
      fc.property(json, fc.string(), (configuration, label) => {
        const reversed = Object.fromEntries(Object.entries(configuration).reverse());
        const labelled = { ...execution, configuration: reversed, label };
        expect(trackingIdFor({ ...analysis, execution: labelled })).toBe(
          trackingIdFor({ ...analysis, execution: { ...execution, configuration } }),
        );
      }),
    );
  });
});

describe('fileVersionIdFor', () => {
  it('changes with the name and the bytes of a file, and with nothing else', () => {
    expect(fileVersionIdFor({ ...analysis, execution: { configuration: {} } } as typeof analysis)).toBe(
      fileVersionIdFor(analysis),
    );
    expect(fileVersionIdFor({ ...analysis, fileName: 'pk2.csv' })).not.toBe(fileVersionIdFor(analysis));
    expect(fileVersionIdFor({ ...analysis, sha256: 'b'.repeat(64) })).not.toBe(fileVersionIdFor(analysis));
  });
});

describe('contentIdFor', () => {
  it('stays the same under another name, metadata or reason', () => {
    const other = { ...execution, metaData: 'else', again: 'engine 3.2' };
    expect(contentIdFor({ sha256, execution: other })).toBe(contentIdFor({ sha256, execution }));
  });

  it.each([
    ['bytes', { sha256: 'b'.repeat(64), execution }],
    ['configuration', { sha256, execution: { ...execution, configuration: {} } }],
    ['data processing', { sha256, execution: { ...execution, dataProcessing: ['a'] } }],
    ['post-processing', { sha256, execution: { ...execution, postProcessing: { b: 1 } } }],
    ['custom plots', { sha256, execution: { ...execution, customPlots: { b: 1 } } }],
  ])('changes with the %s', (_what, other) => {
    expect(contentIdFor(other)).not.toBe(contentIdFor({ sha256, execution }));
  });
});
