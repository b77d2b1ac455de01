/**
 * Kills this process when it writes a record to a folder. For NODE_OPTIONS=--import. KILL_AT names the moment: `before-write`,
 * `during-write` or `after-name`.
 */
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { open, link } = files;
const killAt = (moment) => {
  if (process.env.KILL_AT === moment) process.kill(process.pid, 'SIGKILL');
};

files.open = async (path, ...options) => {
  const isRecord = String(path).includes('/.incomplete/');
  if (isRecord) killAt('before-write');
  const handle = await open(path, ...options);
  if (isRecord && process.env.KILL_AT === 'during-write')
    handle.writeFile = async (content) => {
      await handle.write(content.subarray(0, content.length / 2));
      killAt('during-write');
    };
  return handle;
};
files.link = async (from, to) => {
  await link(from, to);
  killAt('after-name');
};
syncBuiltinESMExports();
