import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fault, Sandbox } from '../sandbox/sandbox.js';
import { COMMAND } from '../sandbox/worker-process.js';
import { requestForFile, UploadClient } from '../src/client.js';
import { takeTerminalPicture } from './terminal-picture.js';

/** Groups of files that fail for one reason each: 65 files in all. */
const CAUSES: readonly { readonly files: number; readonly fault?: Fault; readonly content: string }[] = [
  {
    files: 40,
    fault: { route: 'start', status: 402, times: 'always' },
    content: 'subject,time,conc\n1,0,0\n1,1,',
  },
  {
    files: 17,
    fault: {
      route: 'upload',
      status: 403,
      headers: { 'content-type': 'application/xml' },
      body: '<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match the signature you provided.</Message></Error>',
      times: 'always',
    },
    content: 'subject,time,conc\n1,0,0\n1,1,',
  },
  { files: 8, content: 'Dear Sir or Madam ' },
];
const BATCH = 'study-8';

/** Uploads 65 files that fail for three reasons, and pictures what `status` shows of them in a terminal of 80 × 24. */
export async function pictureFailures(
  path: string,
  folder: string,
  { faults }: Sandbox,
  replace: (text: string) => string,
): Promise<void> {
  await mkdir(folder);
  const client = await UploadClient.connect();
  let number = 0;
  for (const { files, fault, content } of CAUSES) {
    if (fault) faults.add(fault);
    const uploads = [];
    for (let file = 0; file < files; file++) {
      number++;
      const data = join(folder, `pk-${String(number).padStart(2, '0')}.csv`);
      await writeFile(data, `${content}${number}\n`);
      const request = await requestForFile(data, {
        batch: BATCH,
        executions: [{ label: 'day 1', configuration: { version: '2024-02-22' } }],
      });
      uploads.push(await client.start(request));
    }
    await Promise.allSettled(uploads.map(({ result }) => result()));
    faults.clear();
  }
  await client.close();
  const args = `status --batch ${BATCH}`;
  await takeTerminalPicture(path, {
    typed: `aplos-upload ${args}`,
    command: `${process.execPath} ${COMMAND} ${args}`,
    env: process.env,
    columns: 80,
    rows: 24,
    replace,
  });
}
