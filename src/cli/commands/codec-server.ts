import { once } from 'node:events';
import { UploadError } from '../../contract/errors.js';
import { isLoopback } from '../../http/address.js';
import { networkErrorName } from '../../http/call.js';
import { createDispatcher } from '../../http/dispatcher.js';
import { type CodecServerSettings, loadCodecServerSettings, loadSettings } from '../../settings/settings.js';
import { codecAccess } from '../../temporal/codec-access.js';
import { type CodecServer, type CodecServerOptions, startCodecServer } from '../../temporal/codec-server.js';
import { temporalTarget } from '../../temporal/connection.js';
import { EncryptionCodec } from '../../temporal/encryption-codec.js';
import { temporalUiUrl } from '../../temporal/ui-links.js';
import { formatError, printError } from '../output/errors.js';

interface CodecServerFlags {
  readonly host: string;
  readonly port: number;
  readonly origin?: readonly string[];
  /** `--no-auth` makes it false. */
  readonly auth: boolean;
}

/** `aplos-upload codec-server` */
export async function codecServer({ host, port, origin, auth }: CodecServerFlags): Promise<void> {
  const settings = loadSettings(process.env, { accounts: false });
  if (settings.encryption.mode !== 'on') {
    throw new UploadError(
      'SETTINGS_INVALID',
      'There is nothing to decode with, as no encryption key is set',
      {
        action: 'Set APLOS_UPLOAD_ENCRYPTION_KEY as on the workers.',
      },
    );
  }
  const access = loadCodecServerSettings();
  assertGuarded(access, host, auth);
  const origins = (origin ?? guessed(temporalUiUrl(settings, temporalTarget()))).map(originOf);
  if (origins.length === 0) {
    throw new UploadError('SETTINGS_INVALID', 'Where the Temporal UI is, is not known', {
      action: 'Give its URL with --origin, or set APLOS_UPLOAD_UI_URL.',
    });
  }

  const dispatcher = createDispatcher(settings.extraCa);
  const server = await listening({
    codec: new EncryptionCodec(settings.encryption.keys),
    origins,
    mayUse: auth ? codecAccess(access, dispatcher) : undefined,
    onError: (error) => printError(formatError(error)),
    host,
    port,
  });
  console.log(`Decodes at ${server.url} for pages of ${origins.join(', ')}, until Ctrl-C.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.stop();
  await dispatcher.destroy();
}

function assertGuarded({ token, jwt }: CodecServerSettings, host: string, auth: boolean): void {
  if (!auth && !isLoopback(host)) {
    throw new UploadError('SETTINGS_INVALID', `Without a login, everybody who reaches ${host} could decode`, {
      action: 'Leave --no-auth out, or listen at 127.0.0.1.',
    });
  }
  if (!auth || token || jwt) return;
  throw new UploadError('SETTINGS_INVALID', 'Who may decode is not said', {
    action:
      'Set APLOS_UPLOAD_CODEC_TOKEN, or APLOS_UPLOAD_CODEC_JWKS_URL and APLOS_UPLOAD_CODEC_JWT_AUDIENCE; or, on a machine of your own, give --no-auth.',
  });
}

/** This machine has two names, and the browser shows the one that was typed. */
function guessed(uiUrl: string | undefined): string[] {
  if (!uiUrl) return [];
  return [
    ...new Set([
      uiUrl,
      uiUrl.replace('//127.0.0.1', '//localhost'),
      uiUrl.replace('//localhost', '//127.0.0.1'),
    ]),
  ];
}

/** @throws UploadError `SETTINGS_INVALID` where it cannot listen, e.g. as the port is taken */
async function listening(options: CodecServerOptions): Promise<CodecServer> {
  try {
    return await startCodecServer(options);
  } catch (cause) {
    const happened = `The codec server cannot listen at port ${options.port} of ${options.host} (${networkErrorName(cause)})`;
    throw new UploadError('SETTINGS_INVALID', happened, {
      cause,
      action: 'Choose another with --port or --host.',
    });
  }
}

function originOf(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return new URL(url).origin;
  throw new UploadError('SETTINGS_INVALID', `"${url}" is not the URL of a Temporal UI`, {
    action: 'Give it with its scheme, as the browser shows it: https://temporal.example.com',
  });
}
