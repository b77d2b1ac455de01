/**
 * `npm run bench`: measures all rows next to their peers, and prints a table. `--only a,b` selects rows, `--before DIR` measures the
 * code of another checkout in the same rounds, `--json FILE` stores the results, and `--compare BEFORE.json [AFTER.json]` compares
 * them with those of another run.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startOwnWorld } from '../test/support/world.js';
import { comparison, describeRun, HEADER, lineOf, type Report, type Result } from './suite/report.js';
import { measureRows, ROWS } from './suite/run.js';
import { BenchWorld } from './suite/world.js';

/** Executions do not end: the sandbox would analyze them on the cores that are measured. */
const SANDBOX = { allocation: 1_000_000, stepMs: 24 * 3_600_000 };

const { values, positionals } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    smaller: { type: 'string', default: '1' },
    before: { type: 'string' },
    json: { type: 'string' },
    compare: { type: 'string' },
  },
  allowPositionals: true,
});

const [stored] = positionals;
const report = stored === undefined ? await measureAll() : await read(stored);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
if (values.compare !== undefined)
  console.log(`\n${comparison(await read(values.compare), report).join('\n')}`);
process.exit();

async function measureAll(): Promise<Report> {
  const names = values.only?.split(',') ?? ROWS.map(({ name }) => name);
  const unknown = names.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0) {
    console.error(`There is no row ${unknown.join(', ')}. Rows: ${ROWS.map(({ name }) => name).join(', ')}`);
    process.exit(2);
  }
  const before = values.before === undefined ? undefined : resolve(values.before);
  const run = await describeRun(before);
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  const commits = run.before === undefined ? run.commit : `${run.commit}, before ${run.before}`;
  console.log(`${commits}: ${run.machine}; ${versions.join(', ')}\n\n${HEADER.join('\n')}`);
  const world = new BenchWorld(() => startOwnWorld(SANDBOX, { keepsDatabase: false }), before);
  const effort = { rounds: Number(values.rounds), smaller: Number(values.smaller) };
  const rows: Result[] = [];
  for await (const result of measureRows(
    ROWS.filter(({ name }) => names.includes(name)),
    world,
    effort,
  )) {
    rows.push(result);
    console.log(lineOf(result));
  }
  return { ...run, rows };
}

async function read(path: string): Promise<Report> {
  return JSON.parse(await readFile(path, 'utf8')) as Report;
}
