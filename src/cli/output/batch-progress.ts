import { clearLine, cursorTo } from 'node:readline';
import { SingleBar } from 'cli-progress';
import { Rate } from '../../util/rate.js';
import { duration } from '../../util/units.js';
import { err } from './colors.js';
import type { Notices } from './notices.js';
import { printToStderr, renderLine, showsProgress } from './terminal.js';

const LINE_INTERVAL_MS = 10_000;
/** Period in milliseconds over which the rate is measured. */
const RATE_PERIOD_MS = 30_000;

/** Numbers of uploads in a batch. */
export interface Tally {
  readonly total: number;
  /** Uploads that were started or joined. */
  readonly started: number;
  /** Uploads that have ended. Absent if the command does not wait for them. */
  readonly ended?: { readonly done: number; readonly failed: number; readonly unknown: number };
}

const completedOf = ({ ended, started }: Tally): number =>
  ended ? ended.done + ended.failed + ended.unknown : started;

/** Shows the progress of a batch on stderr. */
export interface BatchView {
  /** Shows new numbers. */
  show(tally: Tally): void;
  /** Shows the last numbers, and ends. */
  stop(): void;
}

/** Returns a progress bar if stderr is a terminal, otherwise a view that prints a line every 10 seconds. */
export const batchView = (total: number, notices: Notices): BatchView =>
  showsProgress(process.stderr) ? bar(total, notices) : lines();

function bar(total: number, notices: Notices): BatchView {
  const view = new SingleBar({
    format: renderLine(`${err.cyan('{bar}')} {percentage}%  {text}`),
    stream: process.stderr,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  const rate = new Rate(RATE_PERIOD_MS);
  view.start(total, 0, { text: 'starting' });
  notices.redirect((line) => {
    cursorTo(process.stderr, 0);
    clearLine(process.stderr, 1);
    printToStderr(line);
  });
  return {
    show: (tally) => {
      rate.add(completedOf(tally));
      view.update(completedOf(tally), { text: describe(tally, rate) });
    },
    stop: () => {
      notices.redirect();
      view.stop();
    },
  };
}

function lines(): BatchView {
  const rate = new Rate(RATE_PERIOD_MS);
  let last: Tally | undefined;
  let printed = '';
  const write = () => {
    const text = last ? describe(last, rate) : '';
    if (text !== printed) printToStderr(text);
    printed = text;
  };
  const timer = setInterval(write, LINE_INTERVAL_MS);
  return {
    show: (tally) => {
      last = tally;
      rate.add(completedOf(tally));
    },
    stop: () => {
      clearInterval(timer);
      write();
    },
  };
}

function describe(tally: Tally, rate: Rate): string {
  const { total, started, ended } = tally;
  const left = total - completedOf(tally);
  const perSecond = rate.perSecond();
  const parts = [];
  if (!ended || started < total) parts.push(`${number(started)} of ${number(total)} started`);
  if (ended) {
    parts.push(`${number(ended.done)} done`);
    parts.push(`${number(started - ended.done - ended.failed - ended.unknown)} running`);
    parts.push(`${number(ended.failed)} failed`);
    if (ended.unknown > 0) parts.push(`${number(ended.unknown)} unknown`);
  }
  if (perSecond > 0) parts.push(`${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`);
  if (perSecond > 0 && left > 0) parts.push(`${duration((1000 * left) / perSecond)} left`);
  return parts.join(' · ');
}

const number = (value: number) => value.toLocaleString('en');
