import type { Report } from '../suite/report.js';

/** What a run looked like at one moment. */
export interface Sample {
  /** Time since the command was started. */
  readonly seconds: number;
  /** Number of files whose execution was started. */
  readonly done: number;
  readonly statusSeconds: number;
  readonly clientMb: number;
  readonly workersMb: readonly number[];
}

/** A batch, over time. */
export interface Growth extends Omit<Report, 'rows'> {
  /** Number of files whose executions were started. */
  readonly files: number;
  /** Duration until then. */
  readonly seconds: number;
  readonly samples: readonly Sample[];
}

interface Line {
  readonly label: string;
  readonly color: string;
  readonly values: readonly number[];
}

const WIDTH = 760;
const LEFT = 60;
const RIGHT = 110;
const PANEL = 170;
const PLOT = 110;
const GRAY = '#767676';
const COLORS = { blue: '#1f6feb', green: '#1a7f37', orange: '#bc4c00' };

/** Draws a batch as an SVG with three panels over time: files per second, memory, and the duration of `status`. */
export function drawGrowth({ files, seconds, samples, machine, commit, versions }: Growth): string {
  const times = samples.map((sample) => sample.seconds);
  const rates = samples.map(({ done, seconds: at }, index) => {
    const before = samples[index - 1];
    return (done - (before?.done ?? 0)) / (at - (before?.seconds ?? 0));
  });
  const worker = (index: number) => samples.map(({ workersMb }) => workersMb[index] ?? 0);
  const panels = [
    panel(0, 'files per second', times, seconds, [{ label: 'files/s', color: COLORS.blue, values: rates }]),
    panel(1, 'memory in MB', times, seconds, [
      { label: 'worker 1', color: COLORS.blue, values: worker(0) },
      { label: 'worker 2', color: COLORS.green, values: worker(1) },
      { label: 'client', color: COLORS.orange, values: samples.map(({ clientMb }) => clientMb) },
    ]),
    panel(2, 'duration of "status --batch" in s', times, seconds, [
      { label: 'status', color: COLORS.blue, values: samples.map(({ statusSeconds }) => statusSeconds) },
    ]),
  ];
  const about = `${files.toLocaleString('en')} files in ${Math.round(seconds)} s, two workers, ${commit}, Node.js ${versions['Node.js']}; ${machine}`;
  const height = 3 * PANEL + 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">
<title>${files.toLocaleString('en')} files over time: files per second, memory, and duration of status</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${panels.join('\n')}
<text x="${LEFT}" y="${height - 10}" fill="${GRAY}" font-size="10">${about}</text>
</svg>
`;
}

function panel(
  index: number,
  title: string,
  times: readonly number[],
  duration: number,
  lines: readonly Line[],
): string {
  const top = index * PANEL + 30;
  const bottom = top + PLOT;
  const highest = roundUp(Math.max(...lines.flatMap(({ values }) => values), 0));
  const x = (time: number) => LEFT + ((WIDTH - LEFT - RIGHT) * time) / duration;
  const y = (value: number) => bottom - (PLOT * value) / highest;
  const grid = [0, highest / 2, highest].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#dddddd"/>` +
      `<text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end" fill="${GRAY}">${Number(value.toPrecision(3))}</text>`,
  );
  const ticks = [0, duration / 2, duration].map(
    (time) =>
      `<text x="${x(time)}" y="${bottom + 16}" text-anchor="middle" fill="${GRAY}">${Math.round(time)} s</text>`,
  );
  const drawn = lines.map(({ label, color, values }, row) => {
    const points = values.map(
      (value, sample) => `${x(times[sample] ?? 0).toFixed(1)},${y(value).toFixed(1)}`,
    );
    return (
      `<polyline fill="none" stroke="${color}" stroke-width="1.5" points="${points.join(' ')}"/>` +
      `<text x="${WIDTH - RIGHT + 8}" y="${top + 12 + 16 * row}" fill="${color}">${label}</text>`
    );
  });
  return [
    `<text x="${LEFT}" y="${top - 8}" font-weight="bold">${title}</text>`,
    ...grid,
    ...ticks,
    ...drawn,
  ].join('\n');
}

/** Returns 1, 2 or 5 times a power of ten that is at least the value. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 0.001)));
  return [1, 2, 5, 10].map((times) => times * power).find((round) => round >= value) ?? value;
}
