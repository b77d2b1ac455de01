import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { settingVariables } from '../src/settings/given.js';
import { loadSettings } from '../src/settings/load.js';
import { startCodecServer } from '../src/temporal/codec-server.js';
import { EncryptionCodec } from '../src/temporal/encryption-codec.js';
import { knownResultsIn } from './cases.js';
import type { SandboxOptions } from './options.js';
import { type Sandbox, startSandbox } from './sandbox.js';
import { freePorts } from './servers/free-ports.js';
import { temporaryFolder } from './servers/server-process.js';
import { startTemporalDevServer } from './servers/temporal.js';
import { createSettingsFolder } from './settings-folder.js';
import { startWorker } from './worker-process.js';

/** Options of a sandbox with Temporal and a worker. */
export interface FullSandboxOptions extends SandboxOptions {
  /** False leaves out the worker, for example to start your own. Default: true. */
  readonly worker?: boolean;
  /** Directory in which the worker may store results. Default: none. */
  readonly resultsRoot?: string;
  /** Settings file to write, in a folder that must not exist. Default: one in a temporary folder. */
  readonly settingsFile?: string;
  /** Address on which Temporal, its UI and the codec server listen. Default: 127.0.0.1. */
  readonly host?: string;
  /** Port of Temporal. Default: a free port. */
  readonly temporalPort?: number;
  /** Port of Temporal's UI. Default: a free port. */
  readonly uiPort?: number;
  /** Port of the codec server, with which the UI decrypts payloads. Default: a free port. */
  readonly codecPort?: number;
  /** Called with each chunk of the worker's log, in JSON lines. Default: prints warnings and errors to stderr. */
  readonly onLog?: (text: string) => void;
}

/** A sandbox with Temporal and a worker: everything that an upload needs. */
export interface FullSandbox {
  /** Stand-in for Aplos NCA, Cognito and S3: what was charged and stored, and faults to inject. */
  readonly aplos: Sandbox;
  /** Temporal's dev server. */
  readonly temporal: {
    /** `127.0.0.1:PORT` */
    readonly address: string;
    readonly namespace: string;
    readonly uiUrl: string;
    /** Base URL of Temporal's HTTP API. */
    readonly httpUrl: string;
  };
  /** Path of the settings file, for `aplos-upload … --settings FILE`. */
  readonly settingsFile: string;
  /** Environment variables for `loadSettings`, and for other processes that start uploads. */
  readonly env: {
    /** Path of the settings file. */
    readonly APLOS_UPLOAD_SETTINGS: string;
    /** File with the encryption key, for programs that do not read the settings file. */
    readonly APLOS_UPLOAD_ENCRYPTION_KEY_FILE: string;
    readonly TEMPORAL_ADDRESS: string;
    readonly TEMPORAL_NAMESPACE: string;
    /** Configuration file for Temporal's own clients. */
    readonly TEMPORAL_CONFIG_FILE: string;
  };
  /** Stops everything, and removes the folder of the settings file. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a stand-in for Aplos NCA, Cognito and S3, and with it Temporal's dev server, a codec server for its UI, and a worker.
 * Payloads are encrypted with a new key. The servers are downloaded the first time. Everything is removed when it stops.
 *
 * @throws Error if a server or the worker does not start
 */
export async function startFullSandbox(options: FullSandboxOptions = {}): Promise<FullSandbox> {
  const stops: (() => Promise<unknown>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      for (const each of stops) await each();
    })();
    return stopped;
  };
  try {
    return { ...(await startParts(options, (each) => stops.unshift(each))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: FullSandboxOptions,
  onStop: (stop: () => Promise<unknown>) => void,
): Promise<Omit<FullSandbox, 'stop'>> {
  const started = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
    onStop(() => server.stop());
    return server;
  };
  const { worker = true, host = '127.0.0.1', temporalPort, uiPort, onLog } = options;
  const { settingsFile = join(await temporaryFolder('settings'), 'settings', 'settings.toml') } = options;
  await knownResultsIn(options.cases); // a case that cannot be used is found before any server starts
  const settings = await createSettingsFolder(settingsFile);
  onStop(() => settings.remove());
  const key = `sandbox:${randomBytes(32).toString('base64')}`;
  const { encryption } = loadSettings({ APLOS_UPLOAD_ENCRYPTION_KEY: key }, 'client');
  const codecPort = options.codecPort ?? (await freePorts(1))[0] ?? 0;

  const [temporal, aplos] = await Promise.all([
    startTemporalDevServer({
      ip: host,
      codecEndpoint: `http://127.0.0.1:${codecPort}`,
      ...(temporalPort === undefined ? {} : { port: temporalPort }),
      ...(uiPort === undefined ? {} : { uiPort }),
    }).then(started),
    startSandbox(options).then(started),
  ]);
  const codec = await startCodecServer({
    codec: new EncryptionCodec(encryption.mode === 'on' ? encryption.keys : []),
    origins: [temporal.uiUrl, temporal.uiUrl.replace('127.0.0.1', 'localhost')],
    host,
    port: codecPort,
  });
  onStop(() => codec.stop());
  const unpublished = await settings.write({
    sandbox: aplos,
    temporal,
    key,
    resultsRoot: options.resultsRoot,
  });
  if (worker) {
    const { child } = await startWorker(withoutSettings(), onLog, {
      args: ['--settings', unpublished],
      leftovers: [settings.folder],
    });
    onStop(async () => child.kill('SIGKILL'));
  }
  await settings.publish();
  const { address, namespace, uiUrl, httpUrl } = temporal;
  const { keyFile, temporalConfigFile } = settings;
  return {
    aplos,
    temporal: { address, namespace, uiUrl, httpUrl },
    settingsFile: settings.settingsFile,
    env: {
      APLOS_UPLOAD_SETTINGS: settings.settingsFile,
      APLOS_UPLOAD_ENCRYPTION_KEY_FILE: keyFile,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_CONFIG_FILE: temporalConfigFile,
    },
  };
}

/** Returns what removes from the environment of the worker all settings of whoever starts the sandbox. */
const withoutSettings = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => settingVariables.includes(name) || name.startsWith('TEMPORAL_'))
      .map((name) => [name, undefined]),
  );
