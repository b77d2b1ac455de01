/**
 * `npm run chaos -- --files 200 --seed 1 [--api v3 --dialect f] [--results]`: uploads files, and fetches
 * the results with `--results`, while calls fail and workers are killed, and prints the result.
 * Exits with 1 if something was lost, started twice, damaged or disclosed. See docs/contributing/fault-injection.md.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { DIALECTS } from '../sandbox/v3/dialects.js';
import { holds, resultText, rowsOf } from './chaos/result.js';
import { runChaos } from './chaos/run.js';

const options = z.object({
  files: z.coerce.number().int().positive().default(200),
  seed: z.coerce.number().int().nonnegative().default(1),
  minutes: z.coerce.number().positive().default(10),
  api: z.enum(['v1', 'v3']).default('v1'),
  dialect: z.enum(DIALECTS).default('r'),
  results: z.boolean().default(false),
});
const { values } = parseArgs({
  options: {
    files: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    api: { type: 'string' },
    dialect: { type: 'string' },
    results: { type: 'boolean' },
  },
});
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort(signal));

try {
  const result = await runChaos({
    ...options.parse(values),
    onProgress: (line) => process.stderr.write(`${line}\n`),
    signal: interrupted.signal,
  });
  console.log(resultText(result));
  process.exitCode = rowsOf(result).every(holds) ? 0 : 1;
} catch (error) {
  console.error(error instanceof z.ZodError ? z.prettifyError(error) : error);
  process.exitCode = 1;
}
