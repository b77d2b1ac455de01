import type { VerificationKey } from './keys.js';
import { type Finding, fails, holds, type ReadRecord, readRecord } from './read-record.js';
import { hashOfRecord, isReceiptFile, isReportFile } from './receipt-file.js';

/** Reports whether a file in a folder of records is one of the records. */
export const isRecord = (name: string): boolean => isReceiptFile(name) || isReportFile(name);

/**
 * Checks a folder of records: that each is unchanged, and that they are those that its reports name. A report holds the SHA-256 of
 * each of its receipts, so that one that is missing, changed or foreign is found.
 *
 * @param files content of the records, by file name
 * @param keys keys whose signatures are trusted
 */
export function checkFolder(
  files: ReadonlyMap<string, Uint8Array>,
  keys: readonly VerificationKey[],
  options: { readonly allowUnsigned?: boolean } = {},
): Finding[] {
  const read = new Map([...files].map(([name, bytes]) => [name, readRecord(bytes, keys, options)]));
  const reports = [...read].filter(([name]) => isReportFile(name));
  const named = new Set<string>();
  const findings: Finding[] = [...read].flatMap(([name, record]) => problemsOf(name, record));
  for (const [name, { report }] of reports) {
    if (!report) continue;
    const records = report.uploads.flatMap(({ fileName, record }) =>
      record ? [{ fileName, ...record }] : [],
    );
    const problems = records.flatMap(({ file, fileName, sha256 }) => {
      named.add(file);
      const bytes = files.get(file);
      if (!bytes) return [fails(`${file} is missing: it is the receipt of ${fileName}.`)];
      return hashOfRecord(bytes) === sha256
        ? []
        : [fails(`${file} is not the receipt of ${fileName} that ${name} names.`)];
    });
    findings.push(
      ...problems,
      ...(problems.length === 0
        ? [holds(`${name} names ${records.length} receipts, and all of them are there.`)]
        : []),
    );
  }
  const foreign = [...read.keys()].filter((name) => isReceiptFile(name) && !named.has(name));
  return [
    ...findings,
    ...foreign.map((name) => fails(`${name} is named by no report.`)),
    ...(reports.length === 0
      ? [fails('The folder has no report, so nobody can tell whether a receipt is missing.')]
      : []),
  ];
}

const problemsOf = (name: string, { findings }: ReadRecord): Finding[] =>
  findings.flatMap(({ holds, text }) => (holds ? [] : [fails(`${name}: ${text}`)]));
