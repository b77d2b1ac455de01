import { SingleBar } from 'cli-progress';
import { duration } from '../../util/units.js';
import { err } from './colors.js';

const LINE_EVERY_MS = 10_000;
/** The rate is that of the last so many milliseconds. */
const RATE_OVER_MS = 30_000;

/** How many uploads stand how. */
export interface Tally {
  readonly total: number;
  /** Started, or joined. */
  readonly asked: number;
  /** Where the end is waited for. */
  readonly ended?: { readonly done: number; readonly failed: number };
}

const endedOf = ({ ended, asked }: Tally): number => (ended ? ended.done + ended.failed : asked);

/** Where a batch is shown, on stderr: one bar on a terminal, a line now and then elsewhere. */
export interface BatchView {
  show(tally: Tally): void;
  stop(): void;
}

/** The view that fits where stderr goes. */
export const batchView = (total: number): BatchView => (process.stderr.isTTY ? bar(total) : lines());

function bar(total: number): BatchView {
  const view = new SingleBar({
    format: `${err.cyan('{bar}')} {percentage}%  {words}`,
    stream: process.stderr,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  const rate = new Rate();
  view.start(total, 0, { words: 'starting' });
  return {
    show: (tally) => {
      rate.note(endedOf(tally));
      view.update(endedOf(tally), { words: inWords(tally, rate) });
    },
    stop: () => view.stop(),
  };
}

function lines(): BatchView {
  const rate = new Rate();
  let last: Tally | undefined;
  let written = '';
  const write = () => {
    const words = last ? inWords(last, rate) : '';
    if (words !== written) process.stderr.write(`${words}\n`);
    written = words;
  };
  const timer = setInterval(write, LINE_EVERY_MS);
  return {
    show: (tally) => {
      last = tally;
      rate.note(endedOf(tally));
    },
    stop: () => {
      clearInterval(timer);
      write();
    },
  };
}

function inWords(tally: Tally, rate: Rate): string {
  const { total, asked, ended } = tally;
  const left = total - endedOf(tally);
  const perSecond = rate.perSecond();
  const words = [];
  if (!ended || asked < total) words.push(`${number(asked)} of ${number(total)} started`);
  if (ended) {
    words.push(`${number(ended.done)} done`);
    words.push(`${number(asked - ended.done - ended.failed)} running`);
    words.push(`${number(ended.failed)} failed`);
  }
  if (perSecond > 0) words.push(`${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`);
  if (perSecond > 0 && left > 0) words.push(`${duration((1000 * left) / perSecond)} left`);
  return words.join(' · ');
}

const number = (value: number) => value.toLocaleString('en');

class Rate {
  readonly #notes: { readonly at: number; readonly howMany: number }[] = [];

  note(howMany: number): void {
    const at = performance.now();
    const last = this.#notes.at(-1);
    if (last && at - last.at < 250) return;
    this.#notes.push({ at, howMany });
    while ((this.#notes[0]?.at ?? at) < at - RATE_OVER_MS) this.#notes.shift();
  }

  perSecond(): number {
    const [first] = this.#notes;
    const last = this.#notes.at(-1);
    if (!first || !last || last.at === first.at) return 0;
    return Math.max(0, ((last.howMany - first.howMany) * 1000) / (last.at - first.at));
  }
}
