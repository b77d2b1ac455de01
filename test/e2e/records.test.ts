import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/contract/receipt.js';
import { jsonLines } from '../support/command.js';
import { sha256Of } from '../support/hashes.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';
import { untilListed } from '../support/until-listed.js';
import type { World } from '../support/world.js';

describe('records of uploads', () => {
  let world: World;
  let receipt: Receipt;
  let csv: string;
  let receipts: string;
  let key: string;
  let publicKey: string;

  beforeAll(async () => {
    world = await startWorld();
    await world.startWorker();
    csv = await world.write('pk.csv', table(2000));
    const config = await world.write('pk.json', JSON.stringify(configuration));
    const keys = generateKeyPairSync('ed25519');
    key = await world.write('key.pem', keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    await chmod(key, 0o600);
    publicKey = await world.write(
      'key.pub.pem',
      keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    );
    world.env.APLOS_UPLOAD_SIGNING_KEY_FILE = key;
    const { stdout } = await world.run('upload', csv, '--config', config, '--batch', 'study-1', '--json');
    receipt = JSON.parse(stdout) as Receipt;
    receipts = join(csv, '..', 'receipts');
    await untilListed(world, "AplosBatch = 'study-1'");
  });
  afterAll(() => world?.stop());

  const writtenFile = async () => {
    const [name = ''] = (await readdir(receipts)).filter((each) => each.endsWith('.json'));
    return join(receipts, name);
  };

  it('are signed and can be verified with the public key, without a connection', async () => {
    const { stderr, exitCode } = await world.run('receipt', receipt.workflowId, '--out', receipts);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^1 receipt in .*, signed with the key [0-9a-f]{16}\.\n$/),
    });
    const verified = await world.run('verify', await writtenFile(), csv, '--key', publicKey);
    expect(verified).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`✓ ${csv} is the file that was uploaded as pk.csv.`),
    });
  });

  it('can be verified by any program for Ed25519', async () => {
    const envelope = JSON.parse(await readFile(await writtenFile(), 'utf8')) as {
      payload: string;
      payloadType: string;
      signatures: [{ sig: string }];
    };
    const payload = Buffer.from(envelope.payload, 'base64');
    const { payloadType: type } = envelope;
    const signed = await world.write('signed', `DSSEv1 ${type.length} ${type} ${payload.length} ${payload}`);
    const signature = join(signed, '..', 'signature');
    await writeFile(signature, Buffer.from(envelope.signatures[0].sig, 'base64'));
    const verify = ['pkeyutl', '-verify', '-pubin', '-inkey', publicKey, '-rawin', '-in', signed];
    expect(execFileSync('openssl', [...verify, '-sigfile', signature], { encoding: 'utf8' })).toContain(
      'Signature Verified Successfully',
    );
  });

  it('can have the configurations in full, under the SHA-256 that the receipt has', async () => {
    const folder = join(receipts, '..', 'with-configurations');
    await world.run('receipt', receipt.workflowId, '--out', folder, '--configurations');
    const name = (await readdir(folder)).find((each) => each.endsWith('.configuration.json')) ?? '';
    const bytes = await readFile(join(folder, name));
    expect(name).toBe(`${receipt.executions[0]?.configurationSha256}.configuration.json`);
    expect(sha256Of(bytes)).toBe(receipt.executions[0]?.configurationSha256);
    expect(JSON.parse(bytes.toString())).toEqual(configuration);
  });

  it('cannot be compared with a file if they are no receipts, and say so', async () => {
    const other = await world.write('other.json', '{}');
    expect(await world.run('verify', other, csv, '--key', publicKey)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(`✗ ${csv} cannot be compared: the record is no receipt that holds.`),
    });
    const usage = await world.run('verify', await writtenFile(), '--report', other, '--key', publicKey);
    expect(usage).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--report needs a folder') });
    const nowhere = await world.run('verify', 'https://example.com/records', '--key', publicKey);
    expect(nowhere).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is neither a path nor s3://'),
    });
  });

  it('do not hold for another file', async () => {
    const other = await world.write('other.csv', table(2001));
    const { stdout, exitCode } = await world.run('verify', await writtenFile(), other, '--key', publicKey);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`✗ ${other} is not the file that was uploaded as pk.csv: `);
  });

  it('contain what was observed', { tags: ['REQ-18'] }, async () => {
    const envelope = JSON.parse(await readFile(await writtenFile(), 'utf8')) as { payload: string };
    const { predicate } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as {
      predicate: Receipt;
    };
    expect(receipt).toMatchObject(predicate);
    expect(receipt).toMatchObject({ receiptVersion: 1, apiVersion: 'v1' });
    expect(receipt.s3RequestId).toBeTypeOf('string');
  });

  it('of a batch can be pages for people', async () => {
    const options = ['--out', receipts, '--format', 'html', '--json'];
    const { stdout } = await world.run('receipt', '--batch', 'study-1', ...options);
    const written = jsonLines<{ state: string; path: string; file: string }>(stdout);
    const { path = '' } = written.find(({ file }) => file === 'pk.csv') ?? {};
    expect(await readFile(path, 'utf8')).toContain(receipt.sha256);
  });

  it('of a batch are complete with its report, and a receipt that is gone is named', {
    tags: ['REQ-20', 'REQ-21'],
  }, async () => {
    const records = join(receipts, '..', 'records');
    const reported = await world.run('report', '--batch', 'study-1', '--out', records, '--json');
    expect(JSON.parse(reported.stdout)).toMatchObject({
      totals: { uploads: 1, states: { done: 1 }, executionsStarted: 1, executionsFound: 0 },
    });
    const verify = () => world.run('verify', records, '--key', publicKey);
    expect(await verify()).toMatchObject({ exitCode: 0 });
    const [receiptFile = ''] = (await readdir(records)).filter((name) => name.endsWith('.receipt.json'));
    await rm(join(records, receiptFile));
    expect(await verify()).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(`✗ ${receiptFile} is missing: it is a record of pk.csv.`),
    });
  });

  it('name what failed to be written, and an upload that has no receipt yet', async () => {
    const occupied = await world.write('occupied', '');
    const unwritable = await world.run('receipt', receipt.workflowId, '--out', join(occupied, 'receipts'));
    expect(unwritable.exitCode).toBe(1);
    expect(unwritable.stderr).toContain('RECORD_UNWRITABLE');
    const letter = await world.write('letter.csv', 'Dear Sir or Madam');
    const failed = await world.run('upload', letter, '--config', join(csv, '..', 'pk.json'), '--json');
    const { workflowId = '', ...outcome } = JSON.parse(failed.stdout) as Partial<Receipt>;
    expect(outcome).toMatchObject({ state: 'failed' });
    const missing = await world.run('receipt', workflowId, '--out', receipts);
    expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('RECEIPT_MISSING') });
  });

  it('refuse an upload that Temporal does not have', async () => {
    const { stderr, exitCode } = await world.run('receipt', 'unknown', '--out', receipts);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Temporal has no upload unknown');
  });
});
