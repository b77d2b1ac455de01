import { describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/contract/receipt.js';
import { readCases } from '../../src/qualification/cases.js';
import { checksOf, type Observations } from '../../src/qualification/checks.js';
import {
  type CaseOutcome,
  qualificationReport,
  qualificationStatement,
} from '../../src/qualification/report.js';
import { qualificationPage } from '../../src/qualification/report-page.js';
import { signJson } from '../../src/records/envelope.js';
import { verificationKeyOf } from '../../src/records/keys.js';
import { readRecord, recordBytes } from '../../src/records/read-record.js';
import { STATEMENT_TYPE } from '../../src/records/statement.js';
import { aReceipt } from '../support/receipts.js';
import { newSigningKey } from '../support/signing-key.js';

describe('a qualification', async () => {
  const [each] = await readCases('test/support/cases');
  if (!each) throw new Error('no case');
  const sha256 = 'a'.repeat(64);
  const [started] = aReceipt().executions;
  if (!started) throw new Error('no execution');
  const stored = {
    location: 'file:///out/1.zip',
    sizeBytes: 1,
    sha256,
    inputVerified: true,
    configurationVerified: true,
  };
  const execution = { ...started, configurationSha256: each.configurationSha256, packages: [stored] };
  const receipt = aReceipt({ sha256: each.inputSha256, requestedBy: 'jane', executions: [execution] });
  const observations: Observations = {
    receipt,
    found: { executionId: execution.executionId },
    packageSha256: sha256,
    comparison: { key: [], cells: 3, numbers: 2, differences: [] },
    record: { keyId: 'k', holds: true },
  };
  const failing = (changes: Partial<Observations>) =>
    checksOf(each, { ...observations, ...changes }).flatMap(({ requirement, holds }) =>
      holds ? [] : [requirement],
    );
  const withReceipt = (changes: Partial<Receipt>) => failing({ receipt: { ...receipt, ...changes } });

  it('passes if everything was observed as it must be', () => {
    expect(failing({})).toEqual([]);
  });

  it.each([
    ['other bytes', withReceipt({ sha256 }), 'REQ-06'],
    ['an ETag that is not the MD5', withReceipt({ etag: 'b'.repeat(32) }), 'REQ-06'],
    ['no proof of what S3 stores', withReceipt({ etagIsMd5: false }), 'REQ-06'],
    ['another status', withReceipt({ status: 200 }), 'REQ-08'],
    [
      'another configuration',
      withReceipt({ executions: [{ ...execution, configurationSha256: sha256 }] }),
      'REQ-10',
    ],
    ['another execution in the list', failing({ found: { executionId: 'other' } }), 'REQ-11'],
    ['no execution in the list', failing({ found: {} }), 'REQ-11'],
    ['two executions', withReceipt({ executions: [execution, execution] }), 'REQ-11'],
    ['another package', failing({ packageSha256: 'b'.repeat(64) }), 'REQ-15'],
    ['a package that cannot be read', failing({ packageSha256: undefined }), 'REQ-15'],
    [
      'results of which nothing was compared',
      failing({ comparison: { key: [], cells: 0, numbers: 0, differences: [] } }),
      'REQ-17',
    ],
    ['results that cannot be read', failing({ comparison: undefined, resultsProblem: 'no file' }), 'REQ-17'],
    [
      'a step without its times',
      withReceipt({ steps: receipt.steps.map((step) => ({ ...step, finishedAt: '' })) }),
      'REQ-18',
    ],
    ['nobody who asked', failing({ receipt: aReceipt({ ...receipt, requestedBy: '' }) }), 'REQ-18'],
    ['a record that does not hold', failing({ record: { keyId: 'k', holds: false } }), 'REQ-19'],
  ])('fails with %s', (_, requirements, requirement) => {
    expect(requirements).toEqual([requirement]);
  });

  it('does not check what is not known', () => {
    const checked = checksOf(each, { ...observations, found: undefined, record: undefined });
    expect(checked.map(({ requirement }) => requirement)).not.toEqual(
      expect.arrayContaining(['REQ-11', 'REQ-19']),
    );
  });

  const outcome = (changes: Partial<CaseOutcome> = {}): CaseOutcome => ({
    case: each,
    workflowId: receipt.workflowId,
    record: { file: 'a.receipt.json', sha256, receipt },
    comparison: observations.comparison,
    checks: checksOf(each, observations),
    ...changes,
  });
  const report = (...outcomes: CaseOutcome[]) =>
    qualificationReport(outcomes, {
      batch: 'qualification-1',
      createdAt: '2026-11-27T00:00:00.000Z',
      requestedBy: 'jane',
      host: 'host-1',
      versions: { program: '1', node: '20', workers: [] },
      rules: { tolerancePercent: '0.01', text: 'exact', ignore: [] },
      settings: [],
    });

  it('has failed if one case has, or there is none', () => {
    expect(report(outcome()).passed).toBe(true);
    expect(
      report(outcome(), outcome({ checks: [{ requirement: 'REQ-17', holds: false, evidence: '' }] })).passed,
    ).toBe(false);
    expect(report().passed).toBe(false);
    const { record, ...failed } = outcome({
      failure: { code: 'FILE_INVALID', message: 'No table.' },
      checks: [],
    });
    expect(record).toBeDefined();
    expect(report(failed)).toMatchObject({ passed: false, uploads: [{ passed: false }] });
  });

  it('counts what it started, and not what an earlier run did', () => {
    const repeated = { ...receipt, repeatOf: 'run-1' };
    const record = { file: 'b.receipt.json', sha256, receipt: repeated };
    expect(report(outcome(), outcome({ record }))).toMatchObject({
      charges: { started: 1, found: 1 },
      repeated: [each.name],
    });
    const [bytes] = checksOf(each, { ...observations, receipt: repeated });
    expect(bytes?.evidence).toContain('That was observed by the earlier run run-1.');
  });

  it('is a record that can be verified', () => {
    const key = newSigningKey();
    const bytes = recordBytes(signJson(STATEMENT_TYPE, qualificationStatement(report(outcome())), key));
    const { findings, report: read } = readRecord(bytes, [verificationKeyOf(key)]);
    expect(findings.map(({ holds }) => holds)).toEqual([true]);
    expect(read?.uploads).toMatchObject([{ record: { file: 'a.receipt.json', sha256 } }]);
  });

  it('shows texts of others as text on its page', () => {
    const comparison = {
      key: [],
      cells: 1,
      numbers: 0,
      differences: [{ kind: 'value', line: 2, column: '<b>', expected: 'a', actual: '<script>' } as const],
    };
    const page = qualificationPage(report(outcome({ comparison })));
    expect(page).toContain('line 2, column &lt;b&gt;: expected a, actual &lt;script&gt;');
    expect(page).not.toContain('<script');
  });
});
