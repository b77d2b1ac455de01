import { once } from 'node:events';
import { UploadError } from '../../../contract/errors.js';
import { isLoopback } from '../../../http/address.js';
import { createDispatcher } from '../../../http/dispatcher.js';
import { cannotListen, type ListenAddress } from '../../../http/listen-address.js';
import { loadSettings } from '../../../settings/load.js';
import type { CodecAccess } from '../../../settings/settings.js';
import { codecAccess } from '../../../temporal/codec-access.js';
import {
  type CodecServer,
  type CodecServerOptions,
  startCodecServer,
} from '../../../temporal/codec-server.js';
import { temporalTarget } from '../../../temporal/connection.js';
import { EncryptionCodec } from '../../../temporal/encryption-codec.js';
import { temporalUiUrl } from '../../../temporal/ui-links.js';
import { formatError, printError } from '../../output/errors.js';
import { print } from '../../output/terminal.js';

/** Options of `aplos-upload codec-server`. */
export interface CodecServerFlags {
  readonly listen: ListenAddress;
  readonly origin?: readonly string[];
  /** False if `--no-auth` was given. */
  readonly auth: boolean;
}

/** Maximum size of the key set of an identity provider, in bytes: hundreds of keys. */
const MAX_KEY_SET_BYTES = 256 * 1024;

/**
 * Serves Temporal's remote codec protocol until SIGTERM or Ctrl-C.
 *
 * @throws UploadError `SETTINGS_INVALID` if there is no key, no authentication or no origin, or it cannot listen
 */
export async function serveCodec({ listen, origin, auth }: CodecServerFlags): Promise<void> {
  const settings = loadSettings(process.env, 'codec-server');
  if (settings.encryption.mode !== 'on') {
    throw new UploadError(
      'SETTINGS_INVALID',
      'The codec server cannot decrypt payloads: no encryption key is set',
      { action: 'Set APLOS_UPLOAD_ENCRYPTION_KEY to the key that the workers use.' },
    );
  }
  assertAccessIsRestricted(settings.codecAccess, listen.host, auth);
  const origins = (origin ?? defaultOrigins(temporalUiUrl(settings, temporalTarget(settings)))).map(originOf);
  if (origins.length === 0) {
    throw new UploadError('SETTINGS_INVALID', 'The URL of the Temporal UI is not set', {
      action: 'Set APLOS_UPLOAD_UI_URL, or add --origin URL.',
    });
  }

  const dispatcher = createDispatcher(settings.extraCa, { maxResponseSize: MAX_KEY_SET_BYTES });
  const server = await start({
    codec: new EncryptionCodec(settings.encryption.keys),
    origins,
    mayUse: auth ? codecAccess(settings.codecAccess, dispatcher) : undefined,
    onError: (error) => printError(formatError(error)),
    ...listen,
  });
  print(`Listening at ${server.url} for pages of ${origins.join(', ')}. Press Ctrl-C to stop.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.stop();
  await dispatcher.destroy();
}

function assertAccessIsRestricted({ token, jwt }: CodecAccess, host: string, auth: boolean): void {
  if (!auth && !isLoopback(host)) {
    throw new UploadError(
      'SETTINGS_INVALID',
      `Everybody who can reach ${host} could decrypt payloads, because --no-auth turns authentication off`,
      { action: 'Remove --no-auth, or listen on 127.0.0.1.' },
    );
  }
  if (!auth || token || jwt) return;
  throw new UploadError('SETTINGS_INVALID', 'No authentication is configured', {
    action:
      'Set APLOS_UPLOAD_CODEC_TOKEN, or APLOS_UPLOAD_CODEC_JWKS_URL, APLOS_UPLOAD_CODEC_JWT_ISSUER and APLOS_UPLOAD_CODEC_JWT_AUDIENCE; on your own machine, add --no-auth instead.',
  });
}

/** Returns the URL with both names of this machine, because browsers send the name that the user typed. */
function defaultOrigins(uiUrl: string | undefined): string[] {
  if (!uiUrl) return [];
  return [
    ...new Set([
      uiUrl,
      uiUrl.replace('//127.0.0.1', '//localhost'),
      uiUrl.replace('//localhost', '//127.0.0.1'),
    ]),
  ];
}

async function start(options: CodecServerOptions & ListenAddress): Promise<CodecServer> {
  try {
    return await startCodecServer(options);
  } catch (cause) {
    throw cannotListen('--listen', options, cause);
  }
}

function originOf(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return new URL(url).origin;
  throw new UploadError('SETTINGS_INVALID', `"${url}" is not the URL of a Temporal UI`, {
    action: 'Give the URL that the browser shows, with its scheme: https://temporal.example.com',
  });
}
