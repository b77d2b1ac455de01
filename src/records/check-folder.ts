import { count } from '../util/units.js';
import type { VerificationKey } from './keys.js';
import { type Finding, fails, holds, type ReadRecord, type ReportFacts, readRecord } from './read-record.js';
import { hashOfRecord } from './receipt-file.js';
import { isReportFile, isRunRecord, recordName, sha256InName } from './record-names.js';

/** Reports whether a file in a folder of records is one of the records. */
export const isRecord = (name: string): boolean =>
  isRunRecord(name) || isReportFile(name) || sha256InName(name) !== undefined;

/** Options of {@link checkFolder}. */
export interface FolderOptions {
  /** Whether records without a signature are accepted. Default: `false` */
  readonly allowUnsigned?: boolean;
  /**
   * Reports that name the records, by file name. The folder may then have records of other batches as well. Default: the reports in the
   * folder, which name all of its records
   */
  readonly reports?: ReadonlyMap<string, Uint8Array>;
}

/**
 * Checks a folder of records: that each is unchanged and has its own name, and that they are those that the reports name. A report
 * holds the SHA-256 of each of its records, so that one that is missing, changed or foreign is found.
 *
 * @param files content of the records, by file name
 * @param keys keys whose signatures are trusted
 */
export function checkFolder(
  files: ReadonlyMap<string, Uint8Array>,
  keys: readonly VerificationKey[],
  { reports: given, ...options }: FolderOptions = {},
): Finding[] {
  const readAll = (each: ReadonlyMap<string, Uint8Array>) =>
    new Map([...each].map(([name, bytes]) => [name, readRecord(bytes, keys, options)]));
  const records = readAll(filesWhere(files, isRunRecord));
  const reports = readAll(given ?? filesWhere(files, isReportFile));
  const configurations = [...filesWhere(files, (name) => sha256InName(name) !== undefined)];
  const named = new Set<string>();
  const findings = [
    ...[...records, ...reports].flatMap(([name, record]) => problemsOf(name, record)),
    ...configurations.flatMap(configurationProblem),
  ];
  for (const [name, { report }] of reports) {
    if (!report) continue;
    const expected = recordsIn(report);
    const problems = expected.flatMap(({ file, fileName, sha256 }) => {
      named.add(file);
      const bytes = files.get(file);
      if (!bytes) return [fails(`${file} is missing: it is a record of ${fileName}.`)];
      return hashOfRecord(bytes) === sha256
        ? []
        : [fails(`${file} is not the record of ${fileName} that ${name} names.`)];
    });
    findings.push(
      ...problems,
      ...(problems.length === 0
        ? [holds(`${name}: ${count(expected.length, 'record')} named, none missing or changed.`)]
        : []),
    );
  }
  const batches = new Set([...reports.values()].flatMap(({ report }) => report?.batch ?? []));
  const isCovered = ({ run }: ReadRecord) =>
    !given || (run?.batches.some((each) => batches.has(each)) ?? true);
  const foreign = [...records].filter(([name, record]) => !named.has(name) && isCovered(record));
  return [
    ...findings,
    ...foreign.map(([name, { run }]) => fails(`${name}${ofBatches(run?.batches)} is named by no report.`)),
    ...(reports.size === 0
      ? [fails('The folder has no report, so nobody can tell whether a record is missing.')]
      : []),
  ];
}

const filesWhere = <Value>(
  files: ReadonlyMap<string, Value>,
  isWanted: (name: string) => boolean,
): Map<string, Value> => new Map([...files].filter(([name]) => isWanted(name)));

const ofBatches = (batches: readonly string[] = []): string =>
  batches.length > 0 ? ` of batch ${batches.join(', ')}` : '';

/** Returns the records that a report names, those of earlier runs included. */
const recordsIn = ({ uploads }: ReportFacts) =>
  uploads.flatMap(({ fileName, record, earlierRuns }) =>
    [...earlierRuns.map((run) => run.record), record].flatMap((each) => (each ? { fileName, ...each } : [])),
  );

function problemsOf(name: string, { findings, run, receipt }: ReadRecord): Finding[] {
  const own = run && recordName(receipt ? { ...run, kind: 'receipt' } : { ...run, kind: 'ending' });
  return [
    ...findings.flatMap(({ holds, text }) => (holds ? [] : [fails(`${name}: ${text}`)])),
    ...(isRunRecord(name) && own !== undefined && own !== name
      ? [fails(`${name}: The record belongs to another run: its name was ${own}.`)]
      : []),
  ];
}

function configurationProblem([name, bytes]: readonly [string, Uint8Array]): Finding[] {
  const sha256 = sha256InName(name);
  return hashOfRecord(bytes) === sha256
    ? []
    : [fails(`${name}: The configuration was changed: its SHA-256 is not the one in its name.`)];
}
