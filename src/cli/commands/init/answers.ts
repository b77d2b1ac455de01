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
