import { readFile } from 'node:fs/promises';
import { findFiles, requestForFile, UploadClient, UploadError } from 'aplos-upload-worker';

const [folder = '', config = '', batch = ''] = process.argv.slice(2);
const executions = [{ label: 'day 1', configuration: JSON.parse(await readFile(config, 'utf8')) }];
const { files, unreadable } = await findFiles([folder]);
if (unreadable.length > 0) throw new AggregateError(unreadable, 'The list of files is not complete');

/** Reads each file only when its upload is about to start. */
async function* requests() {
  for (const file of files) yield requestForFile(file, { batch, executions });
}

const client = await UploadClient.connect({
  outageLimitMs: Infinity, // wait for Temporal however long it is unavailable
  onOutage: (outage) =>
    console.error(outage ? `${outage.error.message} Since ${outage.since}` : 'Temporal is back'),
});
try {
  for await (const { fileName, state, errorCode } of client.asCompleted(client.startMany(requests()))) {
    console.log(JSON.stringify({ fileName, state, errorCode }));
    if (state !== 'done') process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof UploadError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await client.close();
}
