import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetchWheels } from '../../sandbox/servers/wheels.js';
import type { UploadJob } from './activity.js';

const run = promisify(execFile);

/** Uploads a file with `curl -F`, which checks nothing. */
export async function curl({ request, presigned }: UploadJob): Promise<void> {
  const fields = Object.entries(presigned.fields).flatMap(([name, value]) => [
    '--form-string',
    `${name}=${value}`,
  ]);
  const file = ['-F', `file=@${fileURLToPath(request.source)};type=text/csv`];
  const { stdout } = await run('curl', ['-sS', '-w', '%{http_code}', ...fields, ...file, presigned.url]);
  if (!stdout.endsWith('204')) throw new Error(`curl: ${stdout}`);
}

/** Calculates the MD5 of a file with `md5sum`, and then uploads it with `curl -F`. */
export async function md5sumAndCurl(job: UploadJob): Promise<void> {
  await run('md5sum', [fileURLToPath(job.request.source)]);
  await curl(job);
}

const SCRIPT = `
import json, sys, requests
job = json.load(sys.stdin)
with open(job["path"], "rb") as file:
    response = requests.post(job["url"], data=job["fields"], files={"file": ("bench.csv", file, "text/csv")})
assert response.status_code == 204, response.text
`;

/** Uploads a file with Python's `requests`, as its documentation shows. */
export async function pythonRequests({ request, presigned }: UploadJob): Promise<void> {
  const PYTHONPATH = await packages();
  const python = run('python3', ['-c', SCRIPT], { env: { ...process.env, PYTHONPATH } });
  const { url, fields } = presigned;
  python.child.stdin?.end(JSON.stringify({ path: fileURLToPath(request.source), url, fields }));
  await python;
}

function packages(): Promise<string> {
  return fetchWheels({
    requirements: fileURLToPath(new URL('../../tools/requirements-bench.txt', import.meta.url)),
    what: "Python's requests",
    size: '1 MB',
    instead: 'Or leave out the row s3-requests.',
  });
}

/** Returns the version of curl. */
export const curlVersion = async () =>
  (await firstLine('curl', '--version')).split(' ').slice(0, 2).join(' ');

/** Returns the version of md5sum. */
export const md5sumVersion = async () => (await firstLine('md5sum', '--version')).replace(/[()]/g, '');

/** Returns the versions of Python and of its package requests. */
export async function requestsVersion(): Promise<string> {
  const PYTHONPATH = await packages();
  const script =
    'import platform, requests; print(f"requests {requests.__version__}, Python {platform.python_version()}")';
  const { stdout } = await run('python3', ['-c', script], { env: { ...process.env, PYTHONPATH } });
  return stdout.trim();
}

async function firstLine(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(command, args);
  return stdout.split('\n')[0] ?? '';
}
