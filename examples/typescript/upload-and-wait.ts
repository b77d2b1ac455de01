import { readFile } from 'node:fs/promises';
import { requestForFile, UploadClient, UploadError } from 'aplos-upload-worker';

const [file = '', config = ''] = process.argv.slice(2);
const client = await UploadClient.connect();
try {
  const configuration = JSON.parse(await readFile(config, 'utf8'));
  const request = await requestForFile(file, { executions: [{ label: 'day 1', configuration }] });
  const upload = await client.start(request);
  console.log(JSON.stringify(await upload.result()));
} catch (error) {
  if (!(error instanceof UploadError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await client.close();
}
