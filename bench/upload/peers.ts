import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetchWheels } from '../../tools/wheels.js';
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

/** Returns a function that uploads a file with Python's `requests`, as its documentation shows. */
export async function pythonRequests(): Promise<(job: UploadJob) => Promise<void>> {
  const packages = await fetchWheels({
    requirements: 'requirements-bench.txt',
    what: "Python's requests",
    size: '1 MB',
    instead: 'Or leave this peer out with --no-requests.',
  });
  return async ({ request, presigned }) => {
    const python = run('python3', ['-c', SCRIPT], { env: { ...process.env, PYTHONPATH: packages } });
    python.child.stdin?.end(
      JSON.stringify({ path: fileURLToPath(request.source), url: presigned.url, fields: presigned.fields }),
    );
    await python;
  };
}

/** Returns the versions of the peers. */
export async function peerVersions(): Promise<string> {
  const [curlVersion, md5sumVersion, python] = await Promise.all([
    run('curl', ['--version']),
    run('md5sum', ['--version']),
    run('python3', ['--version']),
  ]);
  const first = ({ stdout }: { stdout: string }) => stdout.split('\n')[0]?.trim();
  return [curlVersion, md5sumVersion, python].map(first).join('; ');
}
