import { invalidSettings } from './secrets.js';
import type { Environment } from './setting.js';

/** An environment variable that would undo a protection of this program. */
interface RefusedVariable {
  readonly variable: string;
  /** Returns the part of the value that is refused; `undefined` if the value is harmless. */
  readonly refuses: (value: string) => string | undefined;
  /** Continues a sentence that begins with the variable. */
  readonly effect: string;
  readonly action: string;
}

const LOGS_CREDENTIALS = 'logs URLs and headers, which contain passwords, tokens and presigned POSTs';
const REVEALS_KEYS =
  'writes the keys of TLS connections to a file, so that whoever reads it could read everything that is sent';
const UNSET = 'Unset it.';

const always = (value: string) => value;
const unlessNone = (value: string) => (value.toLowerCase() === 'none' ? undefined : value);

/** Options of Node.js that are refused in `NODE_OPTIONS` and on the command line. */
const REFUSED_OPTIONS: readonly { readonly option: RegExp; readonly effect: string }[] = [
  { option: /^--tls[-_]keylog(=|$)/, effect: REVEALS_KEYS },
  { option: /^--trace[-_]tls$/, effect: 'logs the content of TLS connections' },
  { option: /^--trace[-_]event[-_]categories(=|$)/, effect: 'writes the URLs of requests to a file' },
];

/** Every variable that is refused, whatever program reads the settings. `NODE_OPTIONS` is checked in addition. */
const REFUSED_VARIABLES: readonly RefusedVariable[] = [
  {
    variable: 'NODE_TLS_REJECT_UNAUTHORIZED', // Node.js and undici apply it to every connection of the process
    refuses: (value) => (value === '0' ? value : undefined),
    effect: 'turns off certificate verification, so an attacker could read everything that is sent',
    action: 'Unset it. To trust a private certificate authority, set APLOS_UPLOAD_CA_FILE.',
  },
  { variable: 'NODE_DEBUG', refuses: always, effect: LOGS_CREDENTIALS, action: UNSET },
  { variable: 'NODE_DEBUG_NATIVE', refuses: always, effect: LOGS_CREDENTIALS, action: UNSET },
  { variable: 'GRPC_TRACE', refuses: unlessNone, effect: LOGS_CREDENTIALS, action: UNSET },
  { variable: 'GRPC_NODE_TRACE', refuses: unlessNone, effect: LOGS_CREDENTIALS, action: UNSET },
  { variable: 'SSLKEYLOGFILE', refuses: always, effect: REVEALS_KEYS, action: UNSET },
  {
    variable: 'TEMPORAL_PRINT_FULL_PAYLOADS',
    refuses: always,
    effect: 'logs the payloads of workflows',
    action: UNSET,
  },
];

/**
 * Checks that neither the environment nor the options of Node.js undo a protection of this program.
 *
 * @param nodeOptions options of Node.js on the command line. Default: those of this process
 * @throws UploadError `SETTINGS_INVALID` naming the variable or the option
 */
export function assertNothingIsRefused(
  environment: Environment,
  nodeOptions: readonly string[] = process.execArgv,
): void {
  for (const { variable, refuses, effect, action } of REFUSED_VARIABLES) {
    const value = environment[variable] && refuses(environment[variable]);
    if (value) throw invalidSettings(`${variable}=${value} ${effect}`, action);
  }
  assertNoRefusedOption((environment.NODE_OPTIONS ?? '').split(/[\s"]+/), 'NODE_OPTIONS');
  assertNoRefusedOption(nodeOptions, 'the command line of Node.js');
}

function assertNoRefusedOption(options: readonly string[], place: string): void {
  for (const text of options) {
    const refused = REFUSED_OPTIONS.find(({ option }) => option.test(text));
    if (refused)
      throw invalidSettings(
        `The option ${text.replace(/=.*/, '')} in ${place} ${refused.effect}`,
        `Remove it from ${place}.`,
      );
  }
}

/** Names of the refused variables, for the documentation and its test. */
export const refusedVariables: readonly string[] = REFUSED_VARIABLES.map(({ variable }) => variable);
