import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfiguration, readJson, textOf } from '../../src/files/json-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function read(content: string | Buffer): Promise<unknown> {
  const path = join(await temporaryFolder(), 'day-1.json');
  await writeFile(path, content);
  return readJson(path, '--config day-1.json');
}

describe('a JSON file', { tags: ['REQ-10'] }, () => {
  it('may start with a byte order mark', async () => {
    expect(await read('\ufeff{"dose":1}')).toEqual({ dose: 1 });
  });

  it.each<[what: string, content: string | Buffer, message: string | RegExp]>([
    [
      'UTF-16',
      Buffer.from('\ufeff{"dose":1}', 'utf16le'),
      '--config day-1.json is UTF-16 (little-endian) from line 1 on, not UTF-8. Save the file as UTF-8.',
    ],
    [
      'Windows-1252',
      Buffer.from('{\n"study":"Gr\xf6\xdfe"}', 'latin1'),
      '--config day-1.json is not UTF-8 in line 2, but perhaps Windows-1252 or Latin-1. Save the file as UTF-8.',
    ],
    [
      'a number that would be rounded',
      '{"model":[{"dose":12345678901234567890}]}',
      '--config day-1.json cannot be read without a loss: model[0].dose: 12345678901234567890 cannot be stored exactly, and would become 12345678901234567000.',
    ],
    [
      'a key twice',
      '{"dose":1,"dose":2}',
      '--config day-1.json cannot be read without a loss: dose: is given more than once.',
    ],
    [
      'a million levels',
      '['.repeat(1_000_000),
      '--config day-1.json is nested deeper than 64 levels. Make it smaller.',
    ],
    ['something else than JSON', '{dose:1}', '--config day-1.json is not JSON: '],
    ['a comment', '{\n  // mg\n  "dose": 1\n}', /is not JSON: .* in line 2, column 3\. .* no comments/],
    ['a comma too many', '{"a": [\r\n1,\r\n]}', /is not JSON: .*\. It has no comments, and no comma/],
    ['a number that is none', '{\n"a": NaN}', /is not JSON: .*/],
  ])('is refused if it holds %s', async (_what, content, message) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message:
        typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
    });
  });

  it('is refused as a configuration if it is not an object', async () => {
    const path = join(await temporaryFolder(), 'day-1.json');
    await writeFile(path, '\ufeff[]');
    await expect(readConfiguration(path, 'day-1.json')).rejects.toThrow('day-1.json is not a JSON object');
  });
});

describe('a text from a stream', () => {
  it('is not read to its end if it is too large, so that the stream may be endless', async () => {
    async function* endless() {
      while (true) yield Buffer.from('pk.csv,day-1.json\n');
    }
    await expect(textOf(endless(), 'The manifest on stdin', 10_000)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('The manifest on stdin has more than 10,000 bytes'),
    });
  });
});
