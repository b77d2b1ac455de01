import type { Environment } from '../../../settings/setting.js';
import type { CommonOptions } from '../../command.js';

/** Options of `aplos-upload init`. */
export interface InitOptions extends CommonOptions {
  readonly temporal?: string;
  readonly namespace?: string;
  readonly temporalApiKeyFile?: string;
  readonly encryptionKeyFile?: string;
  readonly profile: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly passwordCommand?: string;
  readonly apiUrl?: string;
  readonly root?: readonly string[];
  readonly client?: true;
  readonly check: boolean;
  readonly force?: true;
  readonly json?: true;
}

/** Options that environment variables can give as well: what configures a process today goes into the file. */
const variables = {
  temporal: 'TEMPORAL_ADDRESS',
  namespace: 'TEMPORAL_NAMESPACE',
  temporalApiKeyFile: 'TEMPORAL_API_KEY_FILE',
  encryptionKeyFile: 'APLOS_UPLOAD_ENCRYPTION_KEY_FILE',
  user: 'COGNITO_USER_NAME',
  passwordFile: 'COGNITO_PASSWORD_FILE',
  passwordCommand: 'COGNITO_PASSWORD_COMMAND',
  apiUrl: 'APLOS_API_URL',
} as const satisfies Partial<Record<keyof InitOptions, string>>;

/** Adds what the environment gives and no option does. */
export function withEnvironment(options: InitOptions, environment: Environment): InitOptions {
  const hasPassword = options.passwordFile !== undefined || options.passwordCommand !== undefined;
  const given = Object.entries(variables).flatMap(([option, variable]) => {
    const value = environment[variable];
    return value && !(hasPassword && option.startsWith('password')) ? [[option, value]] : [];
  });
  const roots = environment.APLOS_UPLOAD_ROOTS?.split(':').filter(Boolean);
  return { ...(roots?.length ? { root: roots } : {}), ...Object.fromEntries(given), ...options };
}

/** Connection to Temporal. */
export interface TemporalAnswer {
  readonly address: string;
  readonly namespace: string;
  /** File with an API key. Default: none */
  readonly apiKeyFile?: string;
}

/** Source of a password. */
export type PasswordAnswer = { readonly file: string } | { readonly command: string };

/** An Aplos account. */
export interface AccountAnswer {
  readonly profile: string;
  readonly apiUrl: string;
  readonly userName: string;
  readonly password: PasswordAnswer;
  /** URL of a stand-in for Cognito. Default: none */
  readonly cognitoEndpoint?: string;
}

/** Content of the settings file. Parts that are not answered yet are left out. */
export interface Answers {
  readonly temporal?: TemporalAnswer | undefined;
  /** File with the encryption keys. */
  readonly encryptionKeyFile?: string | undefined;
  readonly account?: AccountAnswer | undefined;
  /** Folders from which workers may read files. */
  readonly roots?: readonly string[];
  /** Buckets to which files may be uploaded. */
  readonly s3Buckets?: readonly string[];
}
