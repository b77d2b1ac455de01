import { AplosAccounts } from '../../../aplos/accounts.js';
import { openArchive } from '../../../archive/open-archive.js';
import { UploadError } from '../../../contract/errors.js';
import { hostTaskQueue, TASK_QUEUE } from '../../../contract/names.js';
import type { StorageLocation } from '../../../contract/results.js';
import { s3Access } from '../../../files/s3-source.js';
import { isBucketName } from '../../../http/aws.js';
import { createDispatcher, tlsOptions } from '../../../http/dispatcher.js';
import type { Versions } from '../../../qualification/report.js';
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
import { print, printJson } from '../../output/terminal.js';
import { versionsOf } from '../qualify/installation.js';
import { Checklist } from './checklist.js';
import { problemWith, subscriptionText } from './subscription.js';
import { writeChecks } from './write-checks.js';

const PROBE_NAME = 'aplos-upload-doctor.csv';

/** Options of `aplos-upload doctor`. */
export interface DoctorOptions {
  readonly json?: true;
  /** File for the record of the checks. */
  readonly report?: string;
}

/** Runs all checks and prints one line for each. Sets the exit code if one fails. */
export async function runChecks({
  json = false,
  report,
}: {
  json?: boolean;
  report?: string;
}): Promise<void> {
  const list = new Checklist(json);
  const settings = await list.check(
    'Settings',
    async () => loadSettings(),
    ({ profiles, uploadRoots }) =>
      `profiles: ${[...profiles.keys()].join(', ') || 'none'}; workers may read files ${uploadRoots.length > 0 ? `in ${uploadRoots.join(', ')}` : 'in every directory, because APLOS_UPLOAD_ROOTS is not set'}`,
  );
  const target = await list.check(
    'Temporal settings',
    async () => temporalTarget(settings ?? { temporal: temporalSettingsOf(process.env) }),
    ({ address, namespace }) => `${address}, namespace ${namespace}`,
  );
  if (settings?.records) await checkRecords(list, settings.records, settings);
  const versions = target && (await checkTemporal(list, target, settings));
  if (settings) await checkAccounts(list, settings);
  if (report !== undefined) await writeChecks(report, list, versions ?? (await versionsOf(undefined, '')));
}

async function checkRecords(
  list: Checklist,
  location: StorageLocation,
  { extraCa, signingKey }: Settings,
): Promise<void> {
  await list.check(
    'Records',
    () => openArchive(location, s3Access(tlsOptions(extraCa))).check(),
    (protection) =>
      `${location.text}, ${protection}; ${signingKey ? `signed with the key ${signingKey.keyId}` : 'not signed, because APLOS_UPLOAD_SIGNING_KEY_FILE is not set'}`,
  );
}

/** Returns the versions that Temporal reports, if it is available. */
async function checkTemporal(
  list: Checklist,
  target: TemporalTarget,
  settings: Settings | undefined,
): Promise<Versions | undefined> {
  if (settings)
    await list.check(
      'Encryption',
      async () => assertEncryptionDecided(settings.encryption, target),
      () => settings.encryption.mode,
    );
  const connection = await list.check(
    'Temporal',
    () => connectToNamespace(target),
    () => 'available',
  );
  if (!connection) return undefined;
  await list.check(
    'Search attributes',
    () => assertSearchAttributes(connection, target.namespace),
    () => 'all registered',
  );
  await list.check(
    'Workers',
    async () => assertPolled(await pollersOf(connection, target.namespace), target),
    ({ takers, current }) =>
      `${takers} polling the task queue ${TASK_QUEUE}${current ? `, ${describeVersion(current)}` : ''}`,
  );
  await list.check(
    'Pinned uploads',
    () => assertPinnedUploadsHaveWorkers(connection, target.namespace),
    (versions) =>
      versions === 0 ? 'none' : `workers of ${count(versions, 'version')} serve the running uploads`,
  );
  const host = settings?.host;
  if (host !== undefined)
    await list.check(
      `Workers on ${host}`,
      () => assertHostIsPolled(connection, target, host),
      () => `polling the task queue ${hostTaskQueue(host)}`,
    );
  const versions = await versionsOf(connection, target.namespace).catch(() => undefined);
  await connection.close();
  return versions;
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

async function checkAccounts(
  list: Checklist,
  { profiles, extraCa, s3Hosts, s3Buckets }: Settings,
): Promise<void> {
  const dispatcher = createDispatcher(extraCa);
  const accounts = new AplosAccounts(profiles, dispatcher);
  const found = new Set<string>();
  if (profiles.size === 0)
    await list.check(
      'Accounts',
      async () => accounts.api('default'),
      () => '',
    );
  for (const [name, { apiUrl, userName }] of profiles) {
    const presign = await list.check(
      `Login and presign as "${name}"`,
      () => accounts.api(name).presignUpload(PROBE_NAME),
      () => `${userName} at ${apiUrl} (free of charge; nothing is uploaded)`,
    );
    if (!presign) continue;
    await checkSubscription(list, accounts, name);
    const { url } = presign.presigned;
    await list.check(
      `Upload target of "${name}"`,
      async () => assertS3Target(url, { hosts: s3Hosts, buckets: s3Buckets }, PROBE_NAME),
      () => `bucket ${quote(bucketIn(new URL(url)))} at ${new URL(url).host}`,
    );
    if (URL.canParse(url)) found.add(bucketIn(new URL(url)));
  }
  printPins(list, s3Buckets, [...found].filter(isBucketName));
  await dispatcher.destroy();
}

/** Shows which account this is, and what its subscription allows. */
async function checkSubscription(list: Checklist, accounts: AplosAccounts, name: string): Promise<void> {
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
  await list.check(`Subscription of "${name}"`, read, (text) => text);
}

/** Prints the setting that permits uploads to these buckets only, unless the list contains all of them. */
function printPins({ printsJson }: Checklist, listed: readonly string[], found: readonly string[]): void {
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
