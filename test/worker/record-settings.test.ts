import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assertRecordsCanBeWritten } from '../../src/worker/record-settings.js';
import { becomeOrdinaryUser } from '../support/ordinary-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const check = (path: string) => assertRecordsCanBeWritten({ records: { text: path, path } });

describe('assertRecordsCanBeWritten', () => {
  it('accepts a directory that can be written, a bucket, and no records at all', async () => {
    await check(await temporaryFolder());
    await assertRecordsCanBeWritten({ records: { text: 's3://b/', bucket: 'b', prefix: '' } });
    await assertRecordsCanBeWritten({});
  });

  it('names a directory to which no records can be written, and why', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'file');
    await writeFile(file, '');
    await chmod(folder, 0o555);
    becomeOrdinaryUser();
    await expect(check(folder)).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringContaining(`"${folder}", and no records can be written there (permission denied`),
    });
    await expect(check(file)).rejects.toThrow('it is not a directory');
    await expect(check(join(folder, 'none'))).rejects.toThrow('it does not exist');
  });
});
