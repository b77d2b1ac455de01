import { strToU8, type Zippable, zipSync } from 'fflate';
import { sha256Of } from './hashes.js';

export const EXECUTION_ID = '1714955846-1264143:cfa4b10f-0b40-11ef-8000-000000000000';
export const TABLE = 'subject,time,conc\n1,0,0\n1,1,10\n';
export const CONFIGURATION = {
  version: '2024-02-22',
  columns: { unique_id: 'subject' },
  dosing: { amount: 10000 },
};

/** What a package must contain. */
export const EXPECTED = {
  executionId: EXECUTION_ID,
  fileName: 'pk.csv',
  sha256: sha256Of(TABLE),
  configuration: CONFIGURATION,
};

/** Files of a package with results, as the vendor documents them. */
export const FILES: Readonly<Record<string, string>> = {
  'inputs/pk.csv': TABLE,
  'inputs/config.json': JSON.stringify(CONFIGURATION),
  'inputs/meta.json': '{}',
  'outputs/pk-results.csv': 'subject,cmax\n1,10\n',
  'outputs/execution-id.txt': `${EXECUTION_ID}\n`,
  'outputs/individuals/1.html': '<html></html>',
};

/** Creates a package: the usual files, and others that are added or replace them. `undefined` leaves a file out. */
export function packageOf(
  changes: Readonly<Record<string, string | Zippable[string] | undefined>> = {},
): Buffer {
  const files = Object.entries({ ...FILES, ...changes }).flatMap(([name, content]) =>
    content === undefined ? [] : [[name, typeof content === 'string' ? strToU8(content) : content]],
  );
  return Buffer.from(zipSync(Object.fromEntries(files)));
}

/** An entry that is written into a zip file as it is. */
export interface RawEntry {
  readonly name: string;
  readonly data: Uint8Array;
  /** Compressed data. Default: stored */
  readonly deflated?: Uint8Array;
  /** Size that the zip file states. Default: that of the data */
  readonly statedSize?: number;
  readonly crc32: number;
  readonly mode?: number;
  /** Use the data of the first entry. */
  readonly sharesData?: boolean;
}

/** Creates a zip file byte by byte, so that it can be wrong in any way. */
export function rawZip(entries: readonly RawEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, deflated, statedSize = data.length, crc32, mode = 0, sharesData } of entries) {
    const raw = Buffer.from(name);
    const stored = deflated ?? data;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(0x800, 6); // names are UTF-8
    header.writeUInt16LE(deflated ? 8 : 0, 8);
    header.writeUInt32LE(crc32, 14);
    header.writeUInt32LE(stored.length, 18);
    header.writeUInt32LE(statedSize, 22);
    header.writeUInt16LE(raw.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(0x0314, 4);
    header.copy(central, 6, 4, 30);
    central.writeUInt32LE((mode << 16) >>> 0, 38);
    central.writeUInt32LE(sharesData ? 0 : offset, 42);
    directory.push(central, raw);
    if (sharesData) continue;
    parts.push(header, raw, Buffer.from(stored));
    offset += 30 + raw.length + stored.length;
  }
  const size = directory.reduce((sum, each) => sum + each.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
