import pc from 'picocolors';

const colorsFor = (stream: NodeJS.WriteStream) =>
  pc.createColors(pc.isColorSupported && stream.isTTY === true);

/** Colors for stdout. Disabled if stdout is not a terminal or `NO_COLOR` is set. */
export const out = colorsFor(process.stdout);

/** Colors for stderr. Disabled if stderr is not a terminal or `NO_COLOR` is set. */
export const err = colorsFor(process.stderr);
