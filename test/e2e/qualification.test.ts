import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstallationChecks } from '../../src/qualification/installation-checks.js';
import type { QualificationReport } from '../../src/qualification/report.js';
import { jsonLines } from '../support/command.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { writeSigningKey } from '../support/signing-key.js';
import type { World } from '../support/world.js';

/** Cases of the vendor, which are not part of this project: `NAME/{input.csv, config.json, pk-results-expected.csv}`. */
const VENDOR_CASES = process.env.APLOS_VALIDATION_CASES;

/** Returns a world with a worker whose stand-in for Aplos gives back what the cases expect. */
async function worldWith(api: 'v1' | 'v3', cases: string) {
  const world = await startWorld({ api, cases, stepMs: 20 });
  const out = join(world.folder, 'out');
  await mkdir(out);
  await world.startWorker({ ...SHORT_LAG, APLOS_UPLOAD_RESULTS_ROOTS: out });
  return { world, out };
}

describe.each(['v1', 'v3'] as const)(
  'a qualification, in version %s of the API',
  { tags: ['REQ-17'] },
  (api) => {
    let world: World;
    let cases: string;
    let out: string;
    let publicKey: string;

    beforeAll(async () => {
      ({ world, out } = await worldWith(api, 'test/support/cases'));
      cases = join(world.folder, 'cases');
      await cp('test/support/cases', cases, { recursive: true });
      publicKey = await writeSigningKey(world);
    });
    afterAll(() => world?.stop());

    const qualify = async (...options: string[]) => {
      const { stdout, ...result } = await world.run('qualify', cases, '--out', out, '--json', ...options);
      return { ...result, report: JSON.parse(stdout) as QualificationReport };
    };
    const secrets = () => [
      ...world.sandbox.secrets,
      (world.env.APLOS_UPLOAD_ENCRYPTION_KEY ?? '').split(':')[1] ?? '',
    ];
    const reports = async () => (await readdir(out)).filter((name) => name.endsWith('.report.json'));

    it('passes if the results are as expected, and its signed report has evidence for each requirement', async () => {
      const { report, exitCode, stderr } = await qualify();
      expect({ exitCode, stderr, passed: report.passed }).toMatchObject({ exitCode: 0, passed: true });
      expect(report).toMatchObject({
        versions: {
          temporal: expect.stringMatching(/^\d/),
          workers: [expect.stringMatching(/@.* aplos-upload-worker \d/)],
          api: [api],
          engine: api === 'v3' ? ['nca 3.0'] : [],
        },
        charges: { started: 2, found: 0 },
        repeated: [],
        uploads: [
          { name: 'oral-dose', passed: true, key: ['subject', 'paramcd'], cells: 40, differenceCount: 0 },
          { name: 'two-subjects', passed: true, cells: 80 },
        ],
      });
      const checked = report.requirements.filter(({ evidence }) => evidence.length > 0);
      expect(checked.map(({ id, result, evidence }) => [id, result, evidence.length])).toEqual(
        ['REQ-06', 'REQ-08', 'REQ-10', 'REQ-11', 'REQ-15', 'REQ-17', 'REQ-18', 'REQ-19'].map((id) => [
          id,
          'holds',
          2,
        ]),
      );
      const text = JSON.stringify(report);
      for (const secret of secrets()) expect(text).not.toContain(secret);
      expect(await world.run('verify', out, '--key', publicKey)).toMatchObject({ exitCode: 0 });
      const [name = ''] = await reports();
      expect(await world.run('verify', join(out, name), '--key', publicKey)).toMatchObject({ exitCode: 0 });
      expect(await readFile(join(out, name.replace(/json$/, 'html')), 'utf8')).toContain(
        report.uploads[0]?.record?.receipt.sha256,
      );
    });

    it('shows what would be charged, and starts nothing, with --dry-run', async () => {
      const { stdout, exitCode } = await world.run(
        'qualify',
        cases,
        '--out',
        out,
        '--again',
        'x',
        '--dry-run',
      );
      expect(exitCode).toBe(0);
      expect(stdout).toContain('Nothing was started.\nAnalyses: 2 new.');
      expect(world.sandbox.charges).toHaveLength(2);
    });

    it('pays nothing again, and says that nothing was uploaded again', async () => {
      const { report, exitCode } = await qualify();
      expect(exitCode).toBe(0);
      expect(report).toMatchObject({
        charges: { started: 0, found: 2 },
        repeated: ['oral-dose', 'two-subjects'],
      });
      expect(world.sandbox.charges).toHaveLength(2);
      expect(await world.run('verify', out, '--key', publicKey)).toMatchObject({ exitCode: 0 });
    });

    it('names an expected value that is off by 0.02 %, and passes with a larger tolerance', async () => {
      const path = join(cases, 'oral-dose', 'pk-results-expected.csv');
      const expected = await readFile(path, 'utf8');
      await writeFile(path, expected.replace('AUC_last_lin,36,', 'AUC_last_lin,36.0072,'));
      const { stdout, stderr, exitCode } = await world.run('qualify', cases, '--out', out);
      expect(stdout).toContain(
        '    oral-dose/pk-results-expected.csv, line 2, subject 1, paramcd AUC_last_lin, column value: expected 36.0072, actual 36 (-0.02 %)\n',
      );
      expect(stdout).toContain('✓ two-subjects: 80 values compared, 28 of them numbers, no difference\n');
      expect(stderr).toContain(
        'Failed: 1 of 2 cases passed. 0 executions started, 2 found at Aplos and not paid again.',
      );
      expect(exitCode).toBe(1);
      expect(await qualify('--tolerance', '0.03%')).toMatchObject({ exitCode: 0 });
      await writeFile(path, expected);
    });

    it('pays nothing while workers may not write the packages', async () => {
      const refused = await world.run(
        'qualify',
        cases,
        '--out',
        join(world.folder, 'elsewhere'),
        '--again',
        'other folder',
        '--json',
      );
      const { uploads } = JSON.parse(refused.stdout) as QualificationReport;
      expect(uploads.map(({ failure }) => failure?.code)).toEqual([
        'RESULTS_NOT_ALLOWED',
        'RESULTS_NOT_ALLOWED',
      ]);
      expect(refused.exitCode).toBe(1);
      expect(world.sandbox.charges).toHaveLength(2);
      const { report, exitCode } = await qualify('--again', 'other folder');
      expect({ exitCode, charges: report.charges }).toEqual({
        exitCode: 0,
        charges: { started: 2, found: 0 },
      });
      expect(world.sandbox.charges).toHaveLength(4);
    });

    it('runs the whole chain again for a reason, and reports an upload that fails', async () => {
      await writeFile(join(cases, 'two-subjects', 'input.csv'), 'Dear Sir or Madam');
      const { report, exitCode } = await qualify('--again', 'new version');
      expect(exitCode).toBe(1);
      expect(report).toMatchObject({
        passed: false,
        charges: { started: 1, found: 0 },
        uploads: [
          { name: 'oral-dose', passed: true },
          { passed: false, failure: { code: 'FILE_INVALID' } },
        ],
      });
    });

    it('is preceded by checks, which are written as a signed record, without secrets, and as a page', async () => {
      const file = join(out, 'installation.json');
      const checked = await world.run('doctor', '--report', file, '--json');
      expect(checked.exitCode).toBe(0);
      const envelope = JSON.parse(await readFile(file, 'utf8')) as { payload: string };
      const { predicate } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as {
        predicate: InstallationChecks;
      };
      expect(predicate).toMatchObject({ passed: true, versions: { temporal: expect.any(String) } });
      expect(jsonLines(checked.stdout)).toEqual(expect.arrayContaining([...predicate.checks]));
      const text = JSON.stringify(predicate);
      for (const secret of secrets()) expect(text).not.toContain(secret);
      expect(await readFile(join(out, 'installation.html'), 'utf8')).toContain('Login and presign');
      expect(await world.run('verify', file, '--key', publicKey)).toMatchObject({ exitCode: 0 });
    });

    it('starts nothing if a case cannot be used', async () => {
      const misspelt = await world.run('qualify', cases, '--out', out, '--key', 'subjct');
      expect(misspelt.stderr).toContain('has no column "subjct", which --key names.');
      await rm(join(cases, 'two-subjects', 'config.json'));
      const { exitCode, stderr } = await world.run('qualify', cases, '--out', out);
      expect(stderr).toBe('✗ REQUEST_INVALID: Case "two-subjects": config.json is missing.\n');
      expect(exitCode).toBe(2);
    });
  },
);

describe.runIf(VENDOR_CASES)('the cases of the vendor', () => {
  it.each(['v1', 'v3'] as const)('pass against the sandbox in version %s of the API', async (api) => {
    const { world, out } = await worldWith(api, VENDOR_CASES ?? '');
    try {
      const { stdout, exitCode } = await world.run('qualify', VENDOR_CASES ?? '', '--out', out, '--json');
      const report = JSON.parse(stdout) as QualificationReport;
      expect({ exitCode, uploads: report.uploads.length }).toEqual({ exitCode: 0, uploads: 6 });
    } finally {
      await world.stop();
    }
  });
});
