import { AplosAccounts } from '../../../aplos/accounts.js';
import { type ErrorCode, UploadError } from '../../../contract/errors.js';
import { hostTaskQueue, TASK_QUEUE } from '../../../contract/names.js';
import { isBucketName } from '../../../http/aws.js';
import { createDispatcher } from '../../../http/dispatcher.js';
import { assertS3Target, bucketIn } from '../../../s3/hosts.js';
import { loadSettings } from '../../../settings/load.js';
import type { Settings } from '../../../settings/settings.js';
import { temporalSettingsOf } from '../../../settings/temporal-variables.js';
import { connectToNamespace, type NamespaceConnection } from '../../../temporal/connect-to-namespace.js';
import {
  assertEncryptionDecided,
  type TemporalTarget,
  temporalTarget,
} from '../../../temporal/connection.js';
import { assertPinnedUploadsHaveWorkers } from '../../../temporal/pinned-uploads.js';
import { assertSearchAttributes } from '../../../temporal/search-attributes.js';
import { describeVersion, type Pollers, pollersOf } from '../../../temporal/versioning.js';
import { hasWorker } from '../../../temporal/worker-liveness.js';
import { quote } from '../../../util/quote.js';
import { shellWord } from '../../../util/shell-word.js';
import { count } from '../../../util/units.js';
import { out } from '../../output/colors.js';
import { ExitCode, formatError } from '../../output/errors.js';
import { print, printJson } from '../../output/terminal.js';
import { problemWith, subscriptionText } from './subscription.js';

const PROBE_NAME = 'aplos-upload-doctor.csv';

/** Runs all checks and prints one line for each. Sets the exit code if one fails. */
export async function runChecks({ json = false }: { readonly json?: boolean } = {}): Promise<void> {
  printsJson = json;
  const settings = await check(
    'Settings',
    async () => loadSettings(),
    ({ profiles, uploadRoots }) =>
      `profiles: ${[...profiles.keys()].join(', ') || 'none'}; workers may read files ${uploadRoots.length > 0 ? `in ${uploadRoots.join(', ')}` : 'in every directory, because APLOS_UPLOAD_ROOTS is not set'}`,
  );
  const target = await check(
    'Temporal settings',
    async () => temporalTarget(settings ?? { temporal: temporalSettingsOf(process.env) }),
    ({ address, namespace }) => `${address}, namespace ${namespace}`,
  );
  if (target) await checkTemporal(target, settings);
  if (settings) await checkAccounts(settings);
}

async function checkTemporal(target: TemporalTarget, settings: Settings | undefined): Promise<void> {
  if (settings)
    await check(
      'Encryption',
      async () => assertEncryptionDecided(settings.encryption, target),
      () => settings.encryption.mode,
    );
  const connection = await check(
    'Temporal',
    () => connectToNamespace(target),
    () => 'available',
  );
  if (!connection) return;
  await check(
    'Search attributes',
    () => assertSearchAttributes(connection, target.namespace),
    () => 'all registered',
  );
  await check(
    'Workers',
    async () => assertPolled(await pollersOf(connection, target.namespace), target),
    ({ takers, current }) =>
      `${takers} polling the task queue ${TASK_QUEUE}${current ? `, ${describeVersion(current)}` : ''}`,
  );
  await check(
    'Pinned uploads',
    () => assertPinnedUploadsHaveWorkers(connection, target.namespace),
    (versions) =>
      versions === 0 ? 'none' : `workers of ${count(versions, 'version')} serve the running uploads`,
  );
  const host = settings?.host;
  if (host !== undefined)
    await check(
      `Workers on ${host}`,
      () => assertHostIsPolled(connection, target, host),
      () => `polling the task queue ${hostTaskQueue(host)}`,
    );
  await connection.close();
}

async function assertHostIsPolled(
  { workflowService }: NamespaceConnection,
  { namespace }: TemporalTarget,
  host: string,
): Promise<void> {
  if (await hasWorker(workflowService, namespace, hostTaskQueue(host))) return;
  throw new UploadError('HOST_WITHOUT_WORKER', `No worker polls the task queue ${hostTaskQueue(host)}`, {
    action: `Start a worker on that host: APLOS_UPLOAD_HOST=${shellWord(host)} aplos-upload worker`,
  });
}

async function checkAccounts({ profiles, extraCa, s3Hosts, s3Buckets }: Settings): Promise<void> {
  const dispatcher = createDispatcher(extraCa);
  const accounts = new AplosAccounts(profiles, dispatcher);
  const found = new Set<string>();
  if (profiles.size === 0)
    await check(
      'Accounts',
      async () => accounts.api('default'),
      () => '',
    );
  for (const [name, { apiUrl, userName }] of profiles) {
    const presign = await check(
      `Login and presign as "${name}"`,
      () => accounts.api(name).presignUpload(PROBE_NAME),
      () => `${userName} at ${apiUrl} (free of charge; nothing is uploaded)`,
    );
    if (!presign) continue;
    await checkSubscription(accounts, name);
    const { url } = presign.presigned;
    await check(
      `Upload target of "${name}"`,
      async () => assertS3Target(url, { hosts: s3Hosts, buckets: s3Buckets }, PROBE_NAME),
      () => `bucket ${quote(bucketIn(new URL(url)))} at ${new URL(url).host}`,
    );
    if (URL.canParse(url)) found.add(bucketIn(new URL(url)));
  }
  printPins(s3Buckets, [...found].filter(isBucketName));
  await dispatcher.destroy();
}

/** Shows which account this is, and what its subscription allows. */
async function checkSubscription(accounts: AplosAccounts, name: string): Promise<void> {
  const read = async () => {
    const api = accounts.api(name);
    const [version, tenantId, subscription] = await Promise.all([
      api.version(),
      accounts.tenantId(name),
      api.subscription(),
    ]);
    const problem = problemWith(subscription);
    if (problem) throw problem;
    return subscriptionText(version, tenantId, subscription);
  };
  await check(`Subscription of "${name}"`, read, (text) => text);
}

/** Prints the setting that permits uploads to these buckets only, unless the list contains all of them. */
function printPins(listed: readonly string[], found: readonly string[]): void {
  if (found.length === 0 || (listed.length > 0 && found.every((bucket) => listed.includes(bucket)))) return;
  const names = [...new Set([...listed, ...found])];
  if (printsJson) {
    const message = 'To permit uploads to these buckets only, set APLOS_UPLOAD_S3_BUCKETS.';
    printJson({ check: 'S3 buckets', ok: true, message, buckets: names });
    return;
  }
  print(
    listed.length > 0
      ? 'If Aplos confirms that these buckets are theirs, set:'
      : 'Uploads may go to every bucket at Amazon S3. To permit only the buckets above, set:',
  );
  print(`  APLOS_UPLOAD_S3_BUCKETS=${names.join(',')}`);
  print(`  or, in the settings file under [worker]: s3_buckets = [${names.map(quote).join(', ')}]`);
}

/** True if each check is printed as a line of JSON. */
let printsJson = false;

async function check<Result>(
  name: string,
  run: () => Promise<Result>,
  describe: (result: Result) => string,
): Promise<Result | undefined> {
  try {
    const result = await run();
    report(name, true, describe(result));
    return result;
  } catch (error) {
    report(name, false, formatError(error), error instanceof UploadError ? error.code : 'INTERNAL');
    process.exitCode = ExitCode.failed;
    return undefined;
  }
}

function report(name: string, ok: boolean, message: string, code?: ErrorCode): void {
  if (printsJson) printJson({ check: name, ok, ...(code === undefined ? {} : { code }), message });
  else if (ok) print(`${out.green('✓')} ${name}: ${message}`);
  else print(`${out.red('✗')} ${name}: ${message}`);
}

function assertPolled(queue: Pollers, { namespace }: TemporalTarget): Pollers {
  const { workers, takers, current } = queue;
  if (takers > 0) return queue;
  if (workers === 0)
    throw new UploadError(
      'WORKER_MISSING',
      `No worker polls the task queue ${TASK_QUEUE} of the namespace "${namespace}"`,
    );
  throw new UploadError(
    'WORKER_MISSING',
    `${count(workers, 'worker')} ${workers === 1 ? 'polls' : 'poll'} the task queue ${TASK_QUEUE}, but new uploads go to ${describeVersion(current)}`,
    {
      action:
        'Start such a worker, or make another version current: temporal worker deployment set-current-version.',
    },
  );
}
