import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../../sandbox/index.js';
import { InvalidCasesError } from '../../../qualification/cases.js';
import { shellWord } from '../../../util/shell-word.js';
import { err, out } from '../../output/colors.js';
import { BadInputError, ExitCode } from '../../output/errors.js';
import { print, printJson, printToStderr } from '../../output/terminal.js';

/** Options of `aplos-upload sandbox`. */
export interface SandboxFlags {
  readonly settings?: string;
  readonly worker: boolean;
  readonly json?: true;
  readonly api: 'v1' | 'v3' | 'both';
  readonly dialect: 'r' | 's' | 'g' | 'f' | 'bare';
  readonly subscription?: 'active' | 'restricted' | 'expired' | 'disabled';
  readonly allocation: number;
  readonly concurrent?: number;
  readonly queued?: number;
  readonly perHour?: number;
  readonly perDay?: number;
  readonly interval?: number;
  readonly latency?: number;
  readonly formSeconds?: number;
  readonly tokenSeconds?: number;
  readonly cases?: string;
  readonly resultsRoot?: string;
  readonly port?: number;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly codecPort?: number;
  readonly host: string;
}

const DEFAULT_SETTINGS_FILE = '.aplos-sandbox/settings.toml';

/** Runs a sandbox until Ctrl-C or SIGTERM, or until a command ends, whose exit code it passes on. */
export async function runSandbox(command: readonly string[], flags: SandboxFlags): Promise<void> {
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const sandbox = await startSandbox(optionsFrom(flags)).catch((error: Error) => {
    throw new BadInputError(error instanceof InvalidCasesError ? error.problems : [error.message]);
  });
  try {
    if (flags.json) printJson(summaryOf(sandbox));
    if (command.length > 0) process.exitCode = await run(command, sandbox);
    else {
      if (!flags.json) describe(sandbox);
      await interrupted;
    }
  } finally {
    await sandbox.stop();
  }
}

function optionsFrom(flags: SandboxFlags): SandboxOptions {
  const { settings: settingsFile = DEFAULT_SETTINGS_FILE, worker, host } = flags;
  const { api, dialect, subscription = 'active', allocation, port, temporalPort, uiPort, codecPort } = flags;
  const given = {
    ...{ port, temporalPort, uiPort, codecPort },
    maxConcurrent: flags.concurrent,
    maxQueued: flags.queued,
    maxPerHour: flags.perHour,
    maxPerDay: flags.perDay,
    minIntervalMs: flags.interval,
    latencyMs: flags.latency,
    presignSeconds: flags.formSeconds,
    idTokenSeconds: flags.tokenSeconds,
  };
  const numbers = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    ...{ settingsFile, worker, host, api, dialect, subscription, allocation },
    ...(flags.cases === undefined ? {} : { cases: flags.cases }),
    ...(flags.resultsRoot === undefined ? {} : { resultsRoot: resolve(flags.resultsRoot) }),
    ...(Object.fromEntries(numbers) as { [Name in keyof typeof given]?: number }),
  };
}

const summaryOf = ({ settingsFile, temporal, aplos, env }: Sandbox) => ({
  settingsFile,
  temporal,
  aplos: { apiUrl: aplos.apiUrl, cognitoUrl: aplos.cognitoUrl, s3Url: aplos.s3Url },
  env,
});

function describe({ settingsFile, temporal, aplos }: Sandbox): void {
  const sample = (name: string) =>
    shortPath(fileURLToPath(new URL(`../../../../samples/${name}`, import.meta.url)));
  const settings = shortPath(settingsFile);
  print(
    `${out.bold('The sandbox is running.')} It stops, and everything in it is removed, when you press Ctrl-C.`,
  );
  print(`  Settings      ${settings}`);
  print(`  Temporal UI   ${temporal.uiUrl}`);
  print(`  Temporal      ${temporal.address}`);
  print(`  Aplos         ${aplos.apiUrl} (charges: ${aplos.apiUrl}/_sandbox/ledger)`);
  print('');
  print('To upload a sample, run in another terminal:');
  print(
    `  npx aplos-upload upload ${sample('single-oral-dose.csv')} --config ${sample('single-oral-dose.json')} --wait --settings ${settings}`,
  );
}

/** Returns a path as a word of a shell, relative to the working folder if it is below. */
function shortPath(path: string): string {
  const below = relative('', path);
  return shellWord(below.startsWith('..') ? path : below);
}

/** Runs a command with the variables of the sandbox, and returns its exit code as a shell does. */
async function run([program = '', ...args]: readonly string[], { env }: Sandbox): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', passOn);
  try {
    return await new Promise<number>((resolve) => {
      child.once('error', ({ message }) => {
        printToStderr(`${err.red('✗')} Cannot run ${program}: ${message}`);
        resolve(127);
      });
      child.once('close', (code, signal) =>
        resolve(signal ? 128 + constants.signals[signal] : (code ?? ExitCode.failed)),
      );
    });
  } finally {
    process.off('SIGTERM', passOn);
  }
}
