import { UploadError } from '../contract/errors.js';

/** Hosts of this machine. */
export const NEVER_PROXIED = ['localhost', '127.0.0.1', '[::1]'] as const;

/** The proxies that the usual variables name. An empty string: none. */
export interface Proxies {
  /** For `http:` URLs. */
  readonly http: string;
  /** For `https:` URLs, and for Temporal. Without one of its own: the one for `http:`. */
  readonly https: string;
  /** Hosts that are reached without, separated by commas. */
  readonly none: string;
}

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; in lower case they go first.
 *
 * @throws UploadError `SETTINGS_INVALID` when one is not the URL of an HTTP proxy
 */
export function environmentProxies(): Proxies {
  const http = proxyIn('HTTP_PROXY');
  return { http, https: proxyIn('HTTPS_PROXY') || http, none: variable('NO_PROXY') };
}

function proxyIn(name: string): string {
  const given = variable(name);
  if (!given) return '';
  const url = given.includes('://') ? given : `http://${given}`;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new UploadError('SETTINGS_INVALID', `${name} is not the URL of an HTTP proxy`, {
    action: 'Set it to http://HOST:PORT, with USER:PASSWORD@ before the host where the proxy asks for it.',
  });
}

const variable = (name: string) => process.env[name.toLowerCase()] || process.env[name] || '';
