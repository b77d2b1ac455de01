import { unzipSync } from 'fflate';
import { expect, it } from 'vitest';
import { resultsZip } from '../../sandbox/results-zip.js';

const content = {
  executionId: '1:a',
  fileName: 'pk.csv',
  file: Buffer.from('a\n'),
  configuration: {},
  metaData: null,
};

it('a results zip has the paths that the vendor documents', () => {
  expect(Object.keys(unzipSync(resultsZip(content))).sort()).toEqual([
    'inputs/config.json',
    'inputs/meta.json',
    'inputs/pk.csv',
    'outputs/audit.json',
    'outputs/execution-id.txt',
    'outputs/individuals/',
    'outputs/pk-listing.csv',
    'outputs/pk-listing.html',
    'outputs/pk-results.csv',
    'outputs/pk-summary.csv',
    'outputs/pk-summary.html',
    'outputs/plots/',
    'outputs/technical-report.pdf',
  ]);
});

it('the technical report in it is a PDF whose table of objects is right', () => {
  const pdf = Buffer.from(unzipSync(resultsZip(content))['outputs/technical-report.pdf'] ?? []).toString(
    'latin1',
  );
  const table = pdf.indexOf('xref');
  expect(pdf).toContain(`startxref\n${table}\n%%EOF`);
  const offsets = [...pdf.slice(table).matchAll(/^(\d{10}) 00000 n /gm)].map(([, offset]) => Number(offset));
  expect(offsets.map((offset) => pdf.slice(offset, offset + 7))).toEqual(
    [1, 2, 3, 4, 5].map((id) => `${id} 0 obj`),
  );
});
