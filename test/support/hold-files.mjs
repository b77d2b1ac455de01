/**
 * Lets this process open so many data files, and holds the others until Ctrl-C. For NODE_OPTIONS=--import. HOLD_FILES_AFTER is the
 * number.
 */
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { open } = files;
const interrupted = new Promise((resolve) => process.once('SIGINT', resolve));
let opened = 0;

files.open = async (path, ...options) => {
  if (String(path).endsWith('.csv') && ++opened > Number(process.env.HOLD_FILES_AFTER)) await interrupted;
  return open(path, ...options);
};
syncBuiltinESMExports();
