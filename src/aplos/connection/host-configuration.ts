import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import { callOnce, type HttpResponse } from '../../http/call.js';
import type { AplosProfile } from '../../settings/settings.js';
import { anyCase } from '../any-case.js';
import type { ApiVersion } from '../api.js';
import { enveloped } from '../envelope.js';
import { RESPONSE_LIMITS } from './response-limits.js';
import { errorFromResponse, readResponse } from './responses.js';

const PATHS: readonly { readonly version: ApiVersion; readonly path: string }[] = [
  { version: 'v3', path: '/v3/app/configuration' },
  { version: 'v1', path: '/app/configuration' },
];

const text = z.string().min(1);
const cognitoSchema = z.object({ region: text, userPoolClientId: text, userPoolId: text.nullish() });
const configurationSchema = enveloped(
  anyCase({
    idp: z.object({ Auth: z.object({ Cognito: cognitoSchema }) }).optional(),
    apiRouting: z.record(z.string(), z.unknown()).optional().catch(undefined),
  }).refine(({ idp, apiRouting }) => idp ?? apiRouting, 'idp is missing'),
);

/** The public configuration of an Aplos host. */
export interface AppConfiguration {
  /** Version of the API that the host speaks. */
  readonly version: ApiVersion;
  /** The user pool for logins. */
  readonly cognito: z.output<typeof cognitoSchema> | undefined;
}

/** Reads the public configuration of an Aplos host, and remembers it. */
export class HostConfiguration {
  readonly #apiUrl: string;
  readonly #apiVersion: AplosProfile['apiVersion'];
  readonly #dispatcher: Dispatcher;
  #wasRead = false;
  #isRefused = false;
  #read: { readonly askedAt: number; readonly configuration: Promise<AppConfiguration> } | undefined;

  /** @param apiVersion version of the API to use; `auto` finds it out */
  constructor(apiUrl: string, apiVersion: AplosProfile['apiVersion'], dispatcher: Dispatcher) {
    this.#apiUrl = apiUrl;
    this.#apiVersion = apiVersion;
    this.#dispatcher = dispatcher;
  }

  /**
   * Returns the configuration.
   *
   * @param since earliest time of the request, by `performance.now()`. Default: whenever it was
   * @throws {@link UploadError} `API_ANSWER_UNEXPECTED` if the host is not Aplos NCA, `API_UNREACHABLE`, `API_UNAVAILABLE`
   */
  get(since = 0): Promise<AppConfiguration> {
    if (this.#read && this.#read.askedAt >= since) return this.#read.configuration;
    const configuration = this.#ask();
    const read = { askedAt: performance.now(), configuration };
    this.#read = read;
    configuration.then(
      () => {
        this.#wasRead = true;
        this.#isRefused = false;
      },
      (error: unknown) => {
        this.#isRefused = isRefusal(error);
        if (this.#read === read) this.#read = undefined;
      },
    );
    return configuration;
  }

  /** Whether the host has returned its configuration before, but something else the last time: a maintenance page, for example. */
  get isLost(): boolean {
    return this.#wasRead && this.#isRefused;
  }

  async #ask(): Promise<AppConfiguration> {
    const paths = PATHS.filter(({ version }) => this.#apiVersion !== 'v1' || version === 'v1');
    let refusal: unknown;
    for (const { version, path } of paths) {
      try {
        const { idp, apiRouting } = await this.#configurationAt(`${this.#apiUrl}${path}`);
        return { version: routedVersion(apiRouting) ?? version, cognito: idp?.Auth.Cognito };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  async #configurationAt(url: string) {
    const purpose = 'discover the login settings';
    const response = await callOnce(
      {
        purpose,
        method: 'GET',
        url,
        unreachable: 'API_UNREACHABLE',
        oversized: 'API_ANSWER_UNEXPECTED',
        maxBytes: RESPONSE_LIMITS.discovery,
      },
      this.#dispatcher,
    );
    try {
      if (response.status !== 200) throw errorFromResponse(purpose, response);
      return readResponse(purpose, response, configurationSchema);
    } catch (error) {
      if (!(error instanceof UploadError) || isTransient(error, response)) throw error;
      throw new UploadError(
        'API_ANSWER_UNEXPECTED',
        `${url} did not return the configuration of an Aplos NCA API`,
        {
          cause: error,
          action:
            'Check APLOS_API_URL, e.g. https://api.aplos-nca.com, or set COGNITO_CLIENT_ID and COGNITO_REGION.',
        },
      );
    }
  }
}

/** Reports whether a host responded, but has no configuration at a path. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof UploadError && error.code === 'API_ANSWER_UNEXPECTED';

/** A truncated configuration may come from Aplos; an HTML page or other text comes from another host. */
const isTransient = ({ code, retryable }: UploadError, { text }: HttpResponse) =>
  code === 'API_ANSWER_BROKEN' ? text.trimStart().startsWith('{') : retryable;

/** Parts of the API that uploads use. */
const ROUTED_PARTS = ['files', 'executions', 'analysis', 'nca'];

/** Returns the version in `api_routing`: `{"users": {"version": "v3"}, …}`. `undefined` if it names none that is known. */
function routedVersion(routing: Readonly<Record<string, unknown>> | undefined): ApiVersion | undefined {
  const entries = Object.entries(routing ?? {});
  const own = entries.filter(([part]) => ROUTED_PARTS.includes(part.toLowerCase()));
  const versions = (own.length > 0 ? own : entries).flatMap(
    ([, value]) => versionSchema.safeParse(value).data ?? [],
  );
  return versions.includes('v3') ? 'v3' : versions[0];
}

const versionText = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['v1', 'v3']));
const versionSchema = z.union([
  versionText,
  anyCase({ version: versionText }).transform(({ version }) => version),
]);
