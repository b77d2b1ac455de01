/**
 * Runs commands of dist/ one after another in one process, which loads their modules only once. Each message is a
 * command, to which the reply is its result, or a signal for the running command. Ends with the process that started it.
 */
import { runProgram } from '../../dist/cli/program.js';

const [node, script] = process.argv;
const output = { stdout: '', stderr: '' };

for (const stream of ['stdout', 'stderr'])
  process[stream].write = (chunk, encoding, callback) => {
    output[stream] += chunk;
    (typeof encoding === 'function' ? encoding : callback)?.();
    return true;
  };

process.on('message', async ({ signal, args, env, cwd }) => {
  if (signal) {
    process.emit(signal, signal);
    return;
  }
  Object.assign(output, { stdout: '', stderr: '' });
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  process.argv = [node, script, ...args];
  process.exitCode = 0;
  await runProgram();
  const { exitCode } = process;
  process.exitCode = 0;
  process.send({ exitCode, ...output });
});
process.on('disconnect', () => process.exit());
