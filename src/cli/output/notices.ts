import type { OnOutage } from '../../client.js';
import { err } from './colors.js';
import { printToStderr } from './terminal.js';

const toStderr = (line: string) => printToStderr(line);

/** Prints lines on stderr while a command waits, without damaging its progress bars. */
export class Notices {
  #show: (line: string) => void = toStderr;

  /** Prints through a progress view until it ends. Without an argument, prints directly again. */
  redirect(show: (line: string) => void = toStderr): void {
    this.#show = show;
  }

  /** Prints a warning. */
  warn(line: string): void {
    this.#show(`${err.yellow('!')} ${line}`);
  }

  /** Prints that something is all right again. */
  resolved(line: string): void {
    this.#show(`${err.green('✓')} ${line}`);
  }

  /** Reports that Temporal is unavailable, and that it is available again. */
  readonly onOutage: OnOutage = (outage) => {
    if (outage) this.warn(outageText(outage));
    else this.resolved('Temporal is available again.');
  };
}

/** Returns the sentences that report an outage of Temporal during a wait. */
export const outageText = ({ error, since }: NonNullable<Parameters<OnOutage>[0]>): string =>
  `${error.code}: ${error.happened}, since ${since.toLocaleTimeString('en-GB')}. Still waiting: the uploads are not lost, and continue when Temporal is available again.`;
