/** `npm run bench`: measures all rows of `suite.ts`. `npm run bench -- NAME` runs one benchmark on real servers. */

/** File name in this folder, and what it measures. */
const BENCHMARKS: Readonly<Record<string, string>> = {
  batch: 'Starts per second, memory and status of a large batch [--files 5000]',
  encryption: 'Processor time and history size that encryption adds to an upload [--rounds 2000]',
  fairness: 'Duration of a single upload while a batch is running [--files 300]',
  growth:
    'Files per second, memory and duration of status while two workers upload many files [--files 10000 --json FILE --svg FILE]',
  hosts: 'Detection and recovery when the only worker of a host is killed [--files 300]',
  list: 'Searches in a list of 20,000 executions, and how many 1,000 starts need [--executions 20000 --files 1000]',
  memory:
    'Memory that one file of 5 GiB, and 50 large files at a time, add to a worker [--large-mib 5120 --files 50 --mib 100]',
  pace: 'Duration and refused starts of a batch at an Aplos that takes few executions at a time [--files 300 --concurrent 5]',
  sources: 'Memory and recovery when https: and s3: sources are interrupted [--mb 1000]',
  throttling:
    'Duration of a batch that is asked to pause three times, compared with one that is not [--files 60]',
  waits:
    'Calls, memory and slots of a worker that waits for many executions [--executions 5000 --minutes 5 --api v1]',
  watch:
    'Folder watch that is killed repeatedly, and scans of a large folder [--files 300 --kills 20 --many 10000]',
};

const [, , name = '--'] = process.argv;
if (name.startsWith('--')) {
  await import('./suite.js');
} else if (Object.hasOwn(BENCHMARKS, name)) {
  process.argv.splice(2, 1);
  await import(`./${name}.js`);
} else {
  const width = Math.max(...Object.keys(BENCHMARKS).map(({ length }) => length));
  const list = Object.entries(BENCHMARKS).map(([each, about]) => `  ${each.padEnd(width)}  ${about}`);
  console.log(
    [
      `There is no benchmark "${name}".`,
      '',
      'Usage: npm run bench [-- --only ROW,ROW --rounds 5 --before DIR --json FILE --compare BEFORE.json]',
      '       npm run bench -- NAME [OPTIONS]',
      '',
      ...list,
    ].join('\n'),
  );
  process.exitCode = 2;
}
