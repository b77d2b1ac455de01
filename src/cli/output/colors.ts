import pc from 'picocolors';

const colorsFor = (stream: NodeJS.WriteStream) =>
  pc.createColors(pc.isColorSupported && stream.isTTY === true);

/** Colours for what goes to stdout: none where that is no terminal, or `NO_COLOR` is set. */
export const out = colorsFor(process.stdout);

/** The same for stderr. */
export const err = colorsFor(process.stderr);
