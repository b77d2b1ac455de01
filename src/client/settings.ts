import type { DataConverter } from '@temporalio/common';
import { loadSettings as load } from '../settings/load.js';
import type { Environment } from '../settings/setting.js';
import type { Settings } from '../settings/settings.js';
import { dataConverterFor as converterFor } from '../temporal/connection.js';
import { CallerCodec } from '../temporal/encryption-codec.js';

export type { Settings };

/**
 * Reads the settings of a client from environment variables and the settings file. If both define a setting, the variable
 * wins. Given an object instead of the environment, it reads only that, and a settings file only if
 * `APLOS_UPLOAD_SETTINGS` names one.
 *
 * @param variables variables by name. Default: the environment of this process
 * @throws UploadError `SETTINGS_INVALID` naming each invalid variable or key
 */
export const loadSettings = (variables: Environment = process.env): Settings => load(variables, 'client');

/**
 * Returns the data converter for a Temporal client or worker of your own: it encrypts payloads if the settings have a key,
 * and replaces what somebody without the key wrote.
 */
export const dataConverterFor = ({ encryption }: Pick<Settings, 'encryption'>): DataConverter =>
  converterFor(encryption);

/**
 * Returns the data converter for a worker of your own whose workflows call uploads from another namespace, by Nexus. It also
 * decrypts receipts, which are encrypted for the workflow of the upload, and accepts what is not encrypted.
 */
export const callerDataConverterFor = ({ encryption }: Pick<Settings, 'encryption'>): DataConverter =>
  encryption.mode === 'on' ? { payloadCodecs: [new CallerCodec(encryption.keys)] } : converterFor(encryption);
